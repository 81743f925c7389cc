import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.evaluate.calibration import calibration, verdicts
from tests.evaluate.scene import said

answers = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1)


def test_by_hand() -> None:
    # Bin 0.9 to 1: three answers at 0.9 to 1, two right. Bin 0.5 to 0.6: one, right.
    found = calibration([(0.9, True), (0.95, False), (1.0, True), (0.5, True)])
    assert found is not None
    assert [one.answers for one in found.bins] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 3]
    assert found.bins[9].confidence == pytest.approx(0.95)
    assert found.bins[9].accuracy == pytest.approx(2 / 3)
    assert found.ece == pytest.approx((3 * (0.95 - 2 / 3) + 1 * 0.5) / 4)
    assert found.brier == pytest.approx((0.1**2 + 0.95**2 + 0 + 0.5**2) / 4)


def test_always_one_half_and_right_half_of_the_time_is_calibrated_and_useless() -> None:
    found = calibration([(0.5, True), (0.5, False)])
    assert found is not None
    assert (found.ece, found.brier) == (0.0, 0.25)


def test_of_no_answers_nothing_is_said() -> None:
    assert calibration([]) is None


def test_only_usable_answers_count() -> None:
    asked = [("billing", said("billing", 0.8)), ("billing", said(None)), ("billing", None)]
    assert verdicts(asked) == [(0.8, True)]


@given(answers)
def test_bins_hold_every_answer_where_it_belongs(given: list[tuple[float, bool]]) -> None:
    found = calibration(given)
    assert found is not None
    assert found.answers == len(given)
    assert all(
        one.low - 1e-9 <= one.confidence <= one.high + 1e-9 for one in found.bins if one.answers
    )
    assert 0 <= found.ece <= 1
    assert 0 <= found.brier <= 1
