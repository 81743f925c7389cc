import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.evaluate.tiers import TierFigures, percentile, tier_figures
from tests.evaluate.scene import judged, said


def test_each_tier_has_its_own_answers_cost_and_latency() -> None:
    figures = tier_figures(
        [
            judged("billing", said("billing", cost=1, ms=100)),
            judged("billing", said("account", cost=2, ms=300), said("billing", cost=30, ms=900)),
            judged("billing", said(None, cost=3, ms=200), said(None, cost=40, ms=1_000)),
            judged("unknown", None),
        ]
    )
    assert figures == [
        TierFigures("first", 3, 2, 1, 6, 200, 300),
        TierFigures("escalation", 2, 1, 1, 70, 900, 1_000),
    ]


def test_a_tier_that_nobody_was_asked_in_is_left_out() -> None:
    assert [tier.name for tier in tier_figures([judged("billing", said("billing"))])] == ["first"]


@pytest.mark.parametrize(("percent", "value"), [(1, 1), (50, 5), (95, 10), (100, 10)])
def test_percentiles_are_values_that_were_measured(percent: int, value: int) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent) == value


@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(1, 100))
def test_so_many_values_are_not_above_a_percentile(values: list[int], percent: int) -> None:
    found = percentile(values, percent)
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


def test_the_percentile_of_nothing_is_zero() -> None:
    assert percentile([], 95) == 0
