"""Questions to the books: whatever is asked, nothing is counted twice, left out or split."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.audit.asked import query_of
from streams.audit.books import SpendKey
from streams.audit.query import SPEND_DIMENSIONS, Answer, Every, Query, QueryError, answer, page
from streams.books.rows import SpendRow
from streams.books.windows import DAY, HOUR

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")

Spend = dict[SpendKey, SpendRow]


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def ask(rows: Spend, **words: Any) -> Answer[SpendRow]:
    return answer(rows, Query(**words), SpendRow(), SpendRow.plus)


def calls(found: Answer[SpendRow]) -> dict[Any, int]:
    """By group; of groups of one value by that."""
    return {
        group[0] if len(group) == 1 else group: row.calls for group, row in found.groups.items()
    }


NOON = at("2026-11-21T12:00")
ROWS = {
    SpendKey(NOON, "a", "billing", "first", "ok", "p1", "c-1"): SpendRow(1),
    SpendKey(NOON, "b", "billing", "escalation", "ok", "p1", "c-2"): SpendRow(2),
    SpendKey(NOON + 60, "a", "account", "first", "timeout", "p2"): SpendRow(4),
}


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (("model",), {"a": 5, "b": 2}),
        (("category",), {"account": 4, "billing": 3}),
        (("tier",), {"escalation": 2, "first": 5}),
        (("outcome",), {"ok": 3, "timeout": 4}),
        (("prompt",), {"p1": 3, "p2": 4}),
        (("value",), {"": 4, "c-1": 1, "c-2": 2}),
        (("model", "category"), {("a", "account"): 4, ("a", "billing"): 1, ("b", "billing"): 2}),
        ((), {(): 7}),
    ],
)
def test_groups_by_any_dimension(by: tuple[str, ...], expected: dict[Any, int]) -> None:
    found = ask(ROWS, by=by)
    assert calls(found) == expected
    assert list(found.groups) == sorted(found.groups)
    assert (found.columns, found.total) == (by, SpendRow(7))


def test_filters_are_all_met_and_values_of_one_are_alternatives() -> None:
    where = {"category": frozenset(["billing", "technical"]), "model": frozenset(["a", "b"])}
    assert ask(ROWS, where=where).total == SpendRow(3)
    assert ask(ROWS, where={**where, "tier": frozenset(["first"])}).total == SpendRow(1)


def test_a_window_counts_if_any_of_it_is_in_the_range() -> None:
    assert ask(ROWS, since=NOON + 59).total == SpendRow(7)
    assert ask(ROWS, since=NOON + 60).total == SpendRow(4)
    assert ask(ROWS, until=NOON + 60).total == SpendRow(3)
    assert ask(ROWS, until=NOON).total == SpendRow()


spans = st.tuples(st.sampled_from([60, 60, HOUR, DAY]), st.integers(0, 5 * DAY)).map(
    lambda drawn: (int(NOON) + drawn[1] - (int(NOON) + drawn[1]) % drawn[0], drawn[0])
)
tables = st.dictionaries(
    st.builds(
        lambda span, model, category: SpendKey(span[0], model, category, size=span[1]),
        spans,
        st.sampled_from("ab"),
        st.sampled_from(["billing", "account"]),
    ),
    st.integers(1, 1_000).map(SpendRow),
    max_size=20,
)


@given(
    tables,
    st.lists(st.sampled_from(SPEND_DIMENSIONS), unique=True).map(tuple),
    st.sampled_from([None, "window", "day"]),
)
def test_groups_sum_up_to_the_total_and_that_to_all_rows(
    rows: Spend, by: tuple[str, ...], every: Every | None
) -> None:
    found = ask(rows, by=by, every=every)
    assert found.total == sum_of(rows)
    assert sum_of(found.groups) == found.total


def sum_of(rows: dict[Any, SpendRow]) -> SpendRow:
    return SpendRow(sum(row.calls for row in rows.values()))


@given(tables, st.sampled_from(["minute", "hour"]))
def test_a_window_is_in_one_step_or_the_question_is_refused(rows: Spend, every: Every) -> None:
    longest = max((key.size for key in rows), default=60)
    if longest > {"minute": 60, "hour": HOUR}[every]:
        with pytest.raises(QueryError, match="ask from then on"):
            ask(rows, every=every)
    else:
        assert sum_of(ask(rows, every=every).groups) == sum_of(rows)


def test_what_is_refused_can_be_asked_from_the_time_on_that_is_named() -> None:
    old = SpendKey(NOON - HOUR, "a", "billing", size=HOUR)
    with pytest.raises(QueryError, match="until 2026-11-21T12:00Z"):
        ask({old: SpendRow(8), **ROWS}, every="minute")
    assert ask({old: SpendRow(8), **ROWS}, every="minute", since=NOON).total == SpendRow(7)


def test_days_begin_at_midnight_of_the_zone_when_clocks_change_too() -> None:
    hours = ["2026-10-24T21:00", "2026-10-24T22:00", "2026-10-25T22:00", "2026-10-25T23:00"]
    rows = {SpendKey(at(hour), "a", "x", size=HOUR): SpendRow(1) for hour in hours}
    # 25 October has 25 hours in Berlin: from 22:00 to 23:00 UTC.
    assert calls(ask(rows, every="day", zone=BERLIN)) == {
        at("2026-10-23T22:00"): 1,
        at("2026-10-24T22:00"): 2,
        at("2026-10-25T23:00"): 1,
    }


def test_an_hour_that_local_midnight_splits_is_refused_and_minutes_are_not() -> None:
    start = at("2026-11-21T18:00")  # midnight in Kolkata is 18:30 UTC
    with pytest.raises(QueryError, match=r"no part of a day in Asia/Kolkata"):
        ask({SpendKey(start, "a", "x", size=HOUR): SpendRow(1)}, every="day", zone=KOLKATA)
    rows = {SpendKey(start + 60 * n, "a", "x"): SpendRow(1) for n in (29, 30)}
    assert list(calls(ask(rows, every="day", zone=KOLKATA)).values()) == [1, 1]
    assert list(calls(ask(rows, every="hour", zone=KOLKATA)).values()) == [1, 1]


def test_a_day_in_utc_is_no_day_elsewhere() -> None:
    rows = {SpendKey(NOON - NOON % DAY, "a", "x", size=DAY): SpendRow(1)}
    assert ask(rows, every="day").total == SpendRow(1)
    with pytest.raises(QueryError, match="2026-11-22T01:00"):
        ask(rows, every="day", zone=BERLIN)


def test_an_hour_that_is_asked_for_in_part_counts_whole_and_that_is_said() -> None:
    rows = {SpendKey(NOON, "a", "x", size=HOUR): SpendRow(1)}
    found = ask(rows, since=NOON + 600)
    assert found.total == SpendRow(1)
    assert found.notes == (
        "what was spent or went wrong from 2026-11-21T12:00Z to 2026-11-21T13:00Z is kept as one, "
        "and counted",
    )
    assert ask(rows, since=NOON).notes == ()


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 9)), max_size=20),
    st.integers(1, 90),
    st.integers(0, 200),
)
def test_each_hop_is_the_sum_of_the_last_minutes(
    paid: list[tuple[int, int]], minutes: int, first: int
) -> None:
    rows: defaultdict[SpendKey, SpendRow] = defaultdict(SpendRow)
    for minute, amount in paid:
        key = SpendKey(NOON + 60 * minute, "a", "x")
        rows[key] = rows[key].plus(SpendRow(amount))
    since = NOON + 60 * first
    found = calls(ask(rows, every="minute", over=60 * minutes, since=since))
    for start, number in found.items():
        end = (start - NOON) // 60
        assert number == sum(n for minute, n in paid if end - minutes < minute <= end)
        assert start >= since
    newest = max((minute for minute, _ in paid if minute > first - minutes), default=None)
    assert newest is None or newest < first or NOON + 60 * newest in found


@given(tables, st.integers(1, 5))
def test_pages_are_the_whole(rows: Spend, limit: int) -> None:
    found = ask(rows, by=("model", "category"), every="window")
    seen: dict[Any, SpendRow] = {}
    cursor = None
    while True:
        shown, cursor = page(found, limit, cursor)
        assert len(shown) <= limit
        assert not shown.keys() & seen.keys()
        seen |= shown
        if cursor is None:
            break
        assert len(shown) == limit
    assert seen == found.groups


@pytest.mark.parametrize("cursor", ["x", "é", "bnVsbA", "WzFd"])
def test_a_cursor_of_another_question_is_refused(cursor: str) -> None:
    with pytest.raises(QueryError, match="cursor"):
        page(ask(ROWS, by=("model",)), 1, cursor)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"since": "soon"}, "not a time"),
        ({"last": "soon"}, "not a duration"),
        ({"tz": "Nowhere/Else"}, "not a time zone"),
        ({"tz": "../etc/passwd"}, "not a time zone"),
        ({"by": ["text"]}, "'text' is none of model, category"),
        ({"where": ["text=x"]}, "'text' is none of"),
        ({"where": ["x"]}, "not a filter"),
        ({"every": "week"}, "'week' is none of window, minute"),
        ({"since": "2026-01-02", "until": "2026-01-02"}, "later"),
        ({"every": "day", "over": "1d"}, "needs every minute"),
        ({"every": "hour", "over": "90m"}, "whole number"),
        ({"since": "2026-01-02", "last": "1h"}, "exclude each other"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(words: dict[str, Any], said: str) -> None:
    with pytest.raises(QueryError, match=said) as caught:
        query_of(SPEND_DIMENSIONS, NOON, **words)
    assert "\n" not in str(caught.value)


def test_times_without_an_offset_are_of_the_zone() -> None:
    words = {"since": "2026-11-21", "until": "2026-11-22T00:00Z", "tz": "Europe/Berlin"}
    asked = query_of(SPEND_DIMENSIONS, NOON, **words)
    assert (asked.since, asked.until) == (at("2026-11-20T23:00"), at("2026-11-22T00:00"))
    assert query_of(SPEND_DIMENSIONS, NOON, last="60m").since == NOON - HOUR
