"""Rows that moved into hours and days: honest ones agree with what is due, any other is named."""

from collections import defaultdict

from hypothesis import assume, given
from hypothesis import strategies as st

from streams.audit.books import RowKey
from streams.audit.rolled import Comparison, Difference, Numbers
from streams.books.dimensions import coarse, is_before
from streams.books.windows import DAY, HOUR

DAY_0 = 20_000 * DAY
KEY = "3|m|billing|first|ok|v|"
OLD = "3|m|billing"

Rows = dict[RowKey, Numbers]

# What was paid in a minute: of which key, when, how much, and where it stands by now.
payments = st.lists(
    st.tuples(
        st.sampled_from([KEY, "3|m|account|first|ok|v|", "3|m|billing|escalation|ok|v|c-1"]),
        st.integers(0, 3 * DAY // 60 - 1).map(lambda minute: DAY_0 + 60 * (minute // 9 * 9)),
        st.integers(1, 1_000),
        st.sampled_from([60, 60, HOUR, HOUR, DAY]),
    ),
    min_size=1,
    max_size=30,
)


def tables(paid: list[tuple[str, int, int, int]]) -> tuple[Rows, Rows]:
    """The rows that are due, and the rows that are found."""
    due: defaultdict[RowKey, int] = defaultdict(int)
    found: defaultdict[RowKey, int] = defaultdict(int)
    for key, start, amount, size in paid:
        due[RowKey(key, start)] += amount
        found[RowKey(key, start - start % size, size)] += amount
    return {row: (n,) for row, n in due.items()}, {row: (n,) for row, n in found.items()}


def differences(due: Rows, found: Rows, moving: tuple[RowKey, ...] = ()) -> list[Difference]:
    compared = Comparison(due, found, 60, coarse, is_before)
    return list(compared.differences(compared.judged(moving, 0)))


@given(payments)
def test_rows_that_moved_are_right_late_ones_and_all(paid: list[tuple[str, int, int, int]]) -> None:
    due, found = tables(paid)
    assert differences(due, found) == []
    compared = Comparison(due, found, 60)
    for side, rows in ((compared.due, due), (compared.found, found)):
        assert sum(n for (n,) in side.values()) == sum(n for (n,) in rows.values())


@given(payments, st.data())
def test_a_corrupted_row_is_noticed_wherever_it_stands(
    paid: list[tuple[str, int, int, int]], data: st.DataObject
) -> None:
    due, found = tables(paid)
    row = data.draw(st.sampled_from(sorted(found)))
    change = data.draw(st.integers(-5, 5).filter(bool))
    found[row] = (found[row][0] + change,)
    [difference] = differences(due, found)
    assert difference.row.row == row.row
    assert difference.row.start - difference.row.start % DAY == row.start - row.start % DAY
    assert differences(due, found, (row,)) == [], "what moves is not judged"


@given(payments, st.data())
def test_a_row_that_is_gone_is_noticed(
    paid: list[tuple[str, int, int, int]], data: st.DataObject
) -> None:
    due, found = tables(paid)
    row = data.draw(st.sampled_from(sorted(found)))
    del found[row]
    assert {d.row.row for d in differences(due, found)} == {row.row}


@given(payments, st.data())
def test_money_that_stands_in_two_rows_is_noticed(
    paid: list[tuple[str, int, int, int]], data: st.DataObject
) -> None:
    """As it would if a row were copied into its hour and its day, and not moved."""
    due, found = tables(paid)
    row = data.draw(st.sampled_from(sorted(found)))
    assume(row.size < DAY)
    copy = RowKey(row.row, *row.window.larger)  # type: ignore[misc]
    found[copy] = (found.get(copy, (0,))[0] + found[row][0],)
    assert differences(due, found)


def test_the_hour_is_named_and_what_it_should_have() -> None:
    due, found = tables([(KEY, DAY_0, 5, HOUR), (KEY, DAY_0 + 60, 7, HOUR), (KEY, DAY_0, 2, 60)])
    found[RowKey(KEY, DAY_0, HOUR)] = (13,)
    [difference] = differences(due, found)
    assert difference.row == RowKey(KEY, DAY_0, HOUR)
    assert (difference.found, difference.due) == ((13,), (12,))
    assert difference.name == f"{KEY} of the hour 2024-10-04T00:00:00Z"


def test_a_minute_that_has_more_than_is_due_is_named_not_its_hour() -> None:
    due, found = tables([(KEY, DAY_0, 5, HOUR), (KEY, DAY_0 + 60, 7, 60)])
    found[RowKey(KEY, DAY_0 + 60)] = (8,)
    assert differences(due, found) == [(RowKey(KEY, DAY_0 + 60), (8,), (7,), True)]


def test_rows_of_an_older_version_stand_for_all_that_they_did_not_tell_apart() -> None:
    paid = [(KEY, DAY_0, 5, 60), ("3|m|billing|escalation|ok|v|", DAY_0, 7, 60)]
    due, _ = tables(paid)
    assert differences(due, {RowKey(OLD, DAY_0): (12,)}) == []
    assert differences(due, {RowKey(OLD, DAY_0): (9,), RowKey(KEY, DAY_0): (3,)}) == []
    [difference] = differences(due, {RowKey(OLD, DAY_0): (9,), RowKey(KEY, DAY_0): (2,)})
    assert difference.row.row in (OLD, KEY)


def test_windows_of_another_size_than_today_s_are_compared_by_the_hour() -> None:
    due, _ = tables([(KEY, DAY_0, 5, 60), (KEY, DAY_0 + 60, 7, 60)])
    assert differences(due, {RowKey(KEY, DAY_0, 300): (12,)}) == []
    assert differences(due, {RowKey(KEY, DAY_0, 300): (11,)})


def test_a_window_before_the_range_is_not_judged() -> None:
    due, found = tables([(KEY, DAY_0, 5, DAY), (KEY, DAY_0 + DAY, 5, HOUR)])
    found = dict.fromkeys(found, (1,))
    compared = Comparison(due, found, 60)
    groups = compared.judged((), DAY_0 + 1)
    assert [group.window.start for group in groups] == [DAY_0 + DAY]
    assert len(list(compared.differences(groups))) == 1


def test_what_moves_into_an_hour_leaves_its_minutes_unjudged() -> None:
    """The move was seen in part: the minute is gone, and its hour was not read."""
    due, _ = tables([(KEY, DAY_0, 5, 60), (KEY, DAY_0 + HOUR, 7, 60)])
    moving = (RowKey(KEY, DAY_0, HOUR), RowKey(KEY, DAY_0))
    assert [d.row.start for d in differences(due, {}, moving)] == [DAY_0 + HOUR]
