import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.evaluate.compare import compare
from streams.evaluate.judged import Judged
from tests.evaluate.scene import judged, said


def run(*right: bool) -> list[Judged]:
    return [
        judged("billing", said("billing" if one else "account"), line=line)
        for line, one in enumerate(right, 1)
    ]


def test_tickets_are_counted_by_who_is_right() -> None:
    found = compare(run(True, True, False, False), run(True, False, True, False))
    assert (found.both, found.only_first, found.only_second, found.neither) == (1, 1, 1, 1)
    assert found.chance == 1.0


def test_the_chance_of_an_uneven_outcome_is_that_of_a_coin() -> None:
    # Ten tickets, all won by the second: 2 / 2^10.
    found = compare(run(*[False] * 10), run(*[True] * 10))
    assert found.chance == pytest.approx(2 / 1024)


def test_only_tickets_that_both_have_judged_are_compared() -> None:
    found = compare(run(True, True, True), run(True))
    assert (found.both, found.only_first) == (1, 0)
    assert found.chance == 1.0


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_it_does_not_matter_which_is_first(outcomes: list[tuple[bool, bool]]) -> None:
    one, other = run(*(a for a, _ in outcomes)), run(*(b for _, b in outcomes))
    there, back = compare(one, other), compare(other, one)
    assert (there.only_first, there.chance) == (back.only_second, back.chance)
    assert 0 <= there.chance <= 1
