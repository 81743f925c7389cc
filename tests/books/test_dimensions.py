"""Dimensions: every key can be read again, and no field of a ticket makes the books grow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.books.dimensions import OTHER, Dimensions, FieldValues, coarse, is_before, read_key
from streams.books.windows import DAY
from streams.events.model import Ticket

NOON = 20_000 * DAY + DAY // 2
names = st.text(alphabet="abc-_.1", max_size=8)
dimensions = st.builds(Dimensions, names, names, names, names, names, names)


def ticket(customer: str | None, text: str = "text") -> Ticket:
    return Ticket("1", text, customer_id=customer)


@given(st.integers(0, 99), dimensions)
def test_a_key_tells_its_dimensions(partition: int, told: Dimensions) -> None:
    assert read_key(told.key(partition)) == (partition, told)
    assert coarse(told.key(partition)) == f"{partition}|{told.model}|{told.category}"
    assert not is_before(told.key(partition))


def test_a_key_of_an_older_version_is_read() -> None:
    assert read_key("3|m|billing") == (3, Dimensions("m", "billing"))
    assert is_before("3|m|billing")
    assert coarse("3|m|billing") == "3|m|billing"


@pytest.mark.parametrize("key", ["", "3", "3|m", "x|m|billing", "3|m|billing|first", "1|" * 8])
def test_what_is_no_key_of_spend_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_key(key)


@given(st.text(max_size=200), st.text(max_size=20))
def test_whatever_a_ticket_s_field_holds_its_key_can_be_read(value: str, outcome: str) -> None:
    label = FieldValues("customer_id").of(ticket(value), NOON)
    told = Dimensions("m", "billing", "first", outcome, "p", label)
    assert read_key(told.key(3))[1].value == label
    assert label.isprintable()
    assert len(label) <= 3 * 64


def test_values_that_differ_are_told_apart() -> None:
    values = FieldValues("customer_id")
    assert len({values.of(ticket(name), NOON) for name in ("a|b", "a%7Cb", "a/b", "ab")}) == 4


def test_a_day_has_so_many_values_and_the_rest_is_other() -> None:
    values = FieldValues("customer_id", 2)
    assert [values.of(ticket(name), NOON) for name in "abcab"] == ["a", "b", OTHER, "a", "b"]
    assert values.of(ticket("c"), NOON + DAY) == "c"


def test_a_value_that_a_budget_names_is_never_other() -> None:
    values = FieldValues("customer_id", 1, lambda value: value == "acme")
    assert [values.of(ticket(name), NOON) for name in ("a", "b", "acme")] == ["a", OTHER, "acme"]


def test_without_the_field_there_is_no_value() -> None:
    assert FieldValues().of(ticket("a"), NOON) == ""
    assert FieldValues("customer_id").of(ticket(None), NOON) == ""
    assert FieldValues("channel").of(Ticket("1", "text", channel="email"), NOON) == "email"


def test_a_restart_agrees_about_the_day_s_values() -> None:
    values = FieldValues("customer_id", 3)
    values.restore([("today", NOON), ("yesterday", NOON - DAY), ("", NOON), (OTHER, NOON)])
    values.restore([("in flight", NOON)])
    labels = [values.of(ticket(name), NOON) for name in ("today", "new", "in flight", "newer")]
    assert labels == ["today", "new", "in flight", OTHER]
