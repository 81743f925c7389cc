"""Budgets as people set them: what may be said, and what follows from what is not said."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.books.limits import Action, Limit, Period, begin_of, checked, end_of, entries

ONE = Decimal(1)
HOUR = 3_600
FEBRUARY = 1_770_000_000.0  # 2026-02-02 02:40 UTC


@pytest.mark.parametrize(
    ("limit", "acts"),
    [
        (Limit("day", ONE), "wait"),
        (Limit("day", ONE, value="acme"), "no_escalation"),
        (Limit("day", ONE, category="billing"), "no_escalation"),
        (Limit("day", ONE, category="billing", value="acme"), "no_escalation"),
        (Limit("day", ONE, value="acme", action="unknown"), "unknown"),
    ],
)
def test_what_follows_has_a_default_for_each_kind(limit: Limit, acts: Action) -> None:
    assert limit.acts == acts
    assert checked((limit,)) == (limit,)


@pytest.mark.parametrize(
    "limit",
    [
        Limit("day", ONE, category="billing", action="wait"),
        Limit("day", ONE, category="billing", action="unknown"),
        Limit("day", ONE, value="acme", action="wait"),
        Limit("day", ONE, category="billing", value="acme", action="unknown"),
    ],
)
def test_what_cannot_be_kept_is_refused(limit: Limit) -> None:
    with pytest.raises(ValueError, match="entry 2: action"):
        checked((Limit("hour", ONE), limit))


def test_two_for_the_same_are_refused() -> None:
    same = Limit("day", ONE, value="acme"), Limit("day", 2 * ONE, value="acme")
    with pytest.raises(ValueError, match="entry 2: there is one for this day already"):
        checked(same)
    assert checked((same[0], Limit("hour", ONE, value="acme"), Limit("day", ONE)))


def test_a_budget_is_told_by_its_amount_and_whose_it_is() -> None:
    assert str(Limit("day", Decimal("10.50"))) == "budget per day of $10.5"
    assert str(Limit("hour", Decimal(100), name="night shift")) == "night shift of $100"
    assert "for billing tickets for 'acme'" in str(Limit("day", ONE, "billing", "acme"))


@pytest.mark.parametrize("given", ["[", "{}", 5])
def test_what_is_no_list_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match=r"is no JSON|must be a list"):
        entries(given)


@pytest.mark.parametrize("period", ["hour", "day", "month"])
@given(at=st.floats(0, 4e9))
def test_periods_follow_each_other_without_a_gap(period: Period, at: float) -> None:
    begin, end = begin_of(period, at), end_of(period, at)
    assert begin <= at < end
    assert begin_of(period, end) == end
    assert begin_of(period, end - 1) == begin


def test_a_month_has_its_own_length() -> None:
    assert end_of("month", FEBRUARY) - begin_of("month", FEBRUARY) == 28 * 24 * HOUR


def test_a_value_is_looked_for_as_the_rows_have_it() -> None:
    assert Limit("day", ONE, value="a|b").scope.value == "a%7Cb"
    assert Limit("day", ONE, value="x" * 100).scope.value == "x" * 64
