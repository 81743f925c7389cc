"""The windowed tables: what readers see, transaction by transaction. No Kafka."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.books.changelog import decode_spend, encode_key, encode_spend
from streams.books.rows import SpendRow
from streams.books.windows import DAY, HOUR, Retention, Window
from streams.delivery import tables
from streams.delivery.faust_door import create_app
from streams.delivery.tables import RESTORED_AT_ONCE, BookTable, Overlay
from streams.settings import Settings

SIZE, EXPIRES = 60, 3_600
KEPT = Retention(minutes=EXPIRES, hours=2 * DAY, days=10 * DAY)
ONE = SpendRow(tickets=1, picodollars=5)
T = 1_700_000_040.0  # the beginning of a window


def new_table(app: Any, retention: Retention = KEPT) -> Any:
    return app.Table(
        "spend",
        default=SpendRow,
        encode=encode_spend,
        decode=decode_spend,
        plus=SpendRow.plus,
        retention=retention,
    )


def make() -> tuple[Any, BookTable]:
    """A table as the app makes it, and its window wrapper; partitions 0 and 1 are open."""
    app = create_app(Settings())
    table = new_table(app)
    wrapper = table.tumbling(SIZE)
    for partition in (0, 1):
        table.open(partition, {})
    return wrapper, table


def add(table: BookTable, overlay: Overlay, key: str, at: float, row: SpendRow = ONE) -> None:
    table.add_to(overlay, key, at, row)


def committed(table: BookTable, partition: int, key: str, *at: float) -> Overlay:
    """A transaction that adds ONE at each of these times."""
    overlay: Overlay = {}
    for time_ in at:
        add(table, overlay, key, time_)
    table.apply(partition, overlay)
    return overlay


def everything(table: BookTable) -> dict[Any, Any]:
    return dict(table.data.data)


async def test_the_tables_are_ready_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stock Faust sleeps for a second, and the worker joins its group after that."""
    app = create_app(Settings())
    new_table(app)
    done: list[str] = []

    class Recovery:
        async def start(self) -> None:
            done.append("recovery")

    async def sleep(_: float) -> None:
        done.append("slept")

    monkeypatch.setattr(app.tables, "_recovery", Recovery())
    monkeypatch.setattr(app.tables, "sleep", sleep)
    monkeypatch.setattr(app, "consumer", Mock(assignment=set))
    await app.tables.on_start()
    assert done == ["recovery"]
    assert app.tables._tables_registered.is_set()


def test_rows_are_readable_after_their_transaction_and_not_before() -> None:
    wrapper, table = make()
    overlay: Overlay = {}
    add(table, overlay, "0|m|billing", T)
    add(table, overlay, "0|m|billing", T + 59)
    assert wrapper["0|m|billing"].at(T) == SpendRow()
    assert list(wrapper) == []
    table.apply(0, overlay)
    assert wrapper["0|m|billing"].at(T + 30).tickets == 2
    assert wrapper["0|m|billing"].at(T + 60) == SpendRow()
    assert wrapper["0|m|billing"].at(T - 1) == SpendRow()
    assert len(wrapper) == 1


def test_rows_of_an_aborted_transaction_are_never_seen_nor_built_upon() -> None:
    wrapper, table = make()
    committed(table, 0, "0|m|billing", T)
    add(table, {}, "0|m|billing", T)  # its transaction is aborted
    assert wrapper["0|m|billing"].at(T).tickets == 1
    overlay = committed(table, 0, "0|m|billing", T)
    assert wrapper["0|m|billing"].at(T).tickets == 2
    assert [row.tickets for row in overlay.values()] == [2]


def test_faust_s_way_of_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper, table = make()
    committed(table, 0, "0|m|billing", T, T + 1, T - 3_000)
    committed(table, 1, "1|m|account", T)
    monkeypatch.setattr(time, "time", lambda: T + 20)
    assert wrapper["0|m|billing"].now().tickets == 2
    assert wrapper["1|m|account"].now().tickets == 1
    assert wrapper["1|m|none"].now() == SpendRow()
    assert {key: row.tickets for key, row in wrapper.items().now()} == {
        "0|m|billing": 2,
        "1|m|account": 1,
    }
    assert sorted(wrapper) == sorted(wrapper.keys().now()) == ["0|m|billing", "1|m|account"]
    assert sum(row.tickets for row in wrapper.values().now()) == 3
    relative = wrapper.relative_to_now()
    assert relative["0|m|billing"].value().tickets == 2
    assert {key: row.tickets for key, row in relative.items()} == {
        "0|m|billing": 2,
        "1|m|account": 1,
    }
    assert "0|m|billing" in relative
    assert "0|m|none" not in relative
    assert table["0|m|billing", table.window.current(T)].tickets == 2
    assert everything(table) == dict(table.items())
    monkeypatch.setattr(time, "time", lambda: T + 90)
    assert wrapper["0|m|billing"].now() == SpendRow()


def test_reading_changes_nothing() -> None:
    wrapper, table = make()
    wrapper["x"].now()
    wrapper["x"].at(T)
    list(wrapper.items().now())
    assert everything(table) == {}
    assert len(wrapper) == 0


WRITES: dict[str, Callable[[Any, Any], object]] = {
    "table item": lambda w, t: t.__setitem__(("k", (0.0, 59.9)), ONE),
    "table update": lambda w, t: t.update({("k", (0.0, 59.9)): ONE}),
    "table del": lambda w, t: t.__delitem__(next(iter(t))),
    "table pop": lambda w, t: t.pop(next(iter(t))),
    "table popitem": lambda w, t: t.popitem(),
    "table clear": lambda w, t: t.clear(),
    "window item": lambda w, t: w.relative_to(T).__setitem__("0|m|billing", ONE),
    "window del": lambda w, t: w.relative_to(T).__delitem__("0|m|billing"),
    "window set item": lambda w, t: w["0|m|billing"].__setitem__((0.0, 59.9), ONE),
    "window set del": lambda w, t: w["0|m|billing"].__delitem__(t.window.current(T)),
    "window add": lambda w, t: w.relative_to(T)["0|m|billing"].__iadd__(ONE),
}


@pytest.mark.parametrize("how", WRITES)
def test_writing_through_faust_s_interface_raises_and_changes_nothing(how: str) -> None:
    wrapper, table = make()
    committed(table, 0, "0|m|billing", T)
    before = everything(table)
    with pytest.raises(RuntimeError, match="only by the transaction"):
        WRITES[how](wrapper, table)
    assert everything(table) == before


def test_a_closed_partition_takes_its_rows_along_and_no_other_s() -> None:
    wrapper, table = make()
    committed(table, 0, "0|m|billing", T, T + 100)
    committed(table, 1, "1|m|billing", T)
    table.drop(0)
    assert wrapper["0|m|billing"].at(T) == SpendRow()
    assert wrapper["1|m|billing"].at(T).tickets == 1
    assert list(wrapper) == ["1|m|billing"]
    table.drop(0)  # once more is nothing


def test_a_transaction_that_ends_after_its_partition_was_closed_shows_nothing() -> None:
    wrapper, table = make()
    overlay: Overlay = {}
    add(table, overlay, "0|m|billing", T)
    table.drop(0)
    table.apply(0, overlay)
    assert wrapper["0|m|billing"].at(T) == SpendRow()
    assert everything(table) == {}
    assert move_on(table, 0, T + 10 * EXPIRES) == {}


def test_opening_again_shows_the_changelog_and_nothing_older() -> None:
    wrapper, table = make()
    committed(table, 0, "0|m|billing", T)
    start, end = table.window.current(T + 60)
    table.open(
        0,
        {
            encode_key("0|m|account", start, end): encode_spend(ONE),
            encode_key("0|m|technical", start, end): None,
        },
    )
    assert wrapper["0|m|billing"].at(T) == SpendRow()
    assert wrapper["0|m|account"].at(T + 60) == ONE
    assert list(wrapper) == ["0|m|account"]


def move_on(table: BookTable, partition: int, now: float) -> Overlay:
    """A transaction with the moves that are due."""
    overlay: Overlay = {}
    table.move_on(overlay, partition, now)
    table.apply(partition, overlay)
    return overlay


def moved_to(at: float, size: int, key: str = "0|m|billing") -> Any:
    return key, Window(at, 0).inside(size).span


def test_a_row_moves_into_its_hour_when_its_time_is_over() -> None:
    wrapper, table = make()
    minute = ("0|m|billing", table.window.current(T))
    committed(table, 0, "0|m|billing", T, T, T + 60)
    committed(table, 1, "1|m|billing", T)
    assert move_on(table, 0, T + EXPIRES + 59) == {}
    moved = move_on(table, 0, T + EXPIRES + 60)
    assert moved == {moved_to(T, HOUR): ONE.plus(ONE), minute: None}
    assert list(moved) == [moved_to(T, HOUR), minute], "between the two nothing is missing"
    assert dict(table.records(moved))[encode_key(*minute[:1], *minute[1])] is None
    assert wrapper["0|m|billing"].at(T) == SpendRow()
    assert wrapper["0|m|billing"].at(T + 60) == ONE
    assert wrapper["1|m|billing"].at(T) == ONE
    assert move_on(table, 0, T + EXPIRES + 60) == {}


def test_sums_are_the_same_before_a_move_and_after_it() -> None:
    wrapper, table = make()
    committed(table, 0, "0|m|billing", T, T + 60)
    committed(table, 1, "1|m|billing", T)
    for _ in range(2):
        assert wrapper.relative_to_now().sums.hour(T).tickets == 3
        assert wrapper.sums.day(T, lambda key: key.startswith("1|")).tickets == 1
        assert wrapper.sums.total().tickets == 3
        move_on(table, 0, T + 2 * EXPIRES)


def test_hours_move_into_their_day_and_days_are_deleted() -> None:
    _, table = make()
    committed(table, 0, "0|m|billing", T, T + HOUR)
    now = T + EXPIRES + 2 * HOUR
    assert len(move_on(table, 0, now)) == 4
    assert list(everything(table).values()) == [ONE, ONE]
    move_on(table, 0, now + 3 * DAY)
    assert everything(table) == {moved_to(T, DAY): ONE.plus(ONE)}
    day = Window(T, 0).inside(DAY)
    assert move_on(table, 0, day.end + KEPT.days - 1) == {}
    assert move_on(table, 0, day.end + KEPT.days) == {moved_to(T, DAY): None}
    assert everything(table) == {}


async def test_the_event_loop_has_its_turns_while_many_rows_are_restored() -> None:
    _, table = make()
    start, end = table.window.current(T)
    rows = 3 * RESTORED_AT_ONCE + 1
    changelog: dict[bytes, bytes | None] = {
        encode_key(f"0|m|{n}", start, end): encode_spend(ONE) for n in range(rows)
    }
    seen: list[int] = []

    async def look() -> None:
        while True:
            seen.append(len(everything(table)))
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    await table.restore(0, changelog)
    looking.cancel()
    assert seen == [RESTORED_AT_ONCE, 2 * RESTORED_AT_ONCE, 3 * RESTORED_AT_ONCE]
    _, at_once = make()
    at_once.open(0, changelog)
    assert everything(table) == everything(at_once)


def test_restored_rows_move_on_too() -> None:
    _, table = make()
    start, end = table.window.current(T)
    table.open(0, {encode_key("0|m|billing", start, end): encode_spend(ONE)})
    move_on(table, 0, T + 2 * EXPIRES)
    assert everything(table) == {moved_to(T, HOUR): ONE}


def test_an_aborted_move_is_tried_again() -> None:
    _, table = make()
    committed(table, 0, "0|m|billing", T)
    first: Overlay = {}
    again: Overlay = {}
    table.move_on(first, 0, T + 2 * EXPIRES)
    table.move_on(again, 0, T + 2 * EXPIRES)
    assert again == first
    assert len(first) == 2
    assert everything(table) == {("0|m|billing", table.window.current(T)): ONE}


def test_a_late_event_goes_to_its_own_window_and_is_moved_later_again() -> None:
    wrapper, table = make()
    committed(table, 0, "0|m|billing", T, T)
    later = T + 2 * EXPIRES
    move_on(table, 0, later)
    committed(table, 0, "0|m|billing", T)
    assert wrapper["0|m|billing"].at(T).tickets == 1
    move_on(table, 0, later)
    assert {key: row.tickets for key, row in everything(table).items()} == {moved_to(T, HOUR): 3}


def test_what_a_transaction_adds_to_is_moved_by_the_next_one() -> None:
    wrapper, table = make()
    overlay: Overlay = {}
    committed(table, 0, "0|m|billing", T)
    add(table, overlay, "0|m|billing", T)
    table.move_on(overlay, 0, T + 2 * EXPIRES)
    table.apply(0, overlay)
    assert wrapper["0|m|billing"].at(T).tickets == 2
    assert len(everything(table)) == 1


def test_a_late_event_of_an_open_window_is_counted_in_it() -> None:
    wrapper, table = make()
    committed(table, 0, "0|m|billing", T + 600)
    committed(table, 0, "0|m|billing", T)
    assert wrapper["0|m|billing"].at(T).tickets == 1
    assert wrapper["0|m|billing"].at(T + 600).tickets == 1


def test_a_row_that_a_transaction_deletes_first_starts_anew_in_it() -> None:
    _, table = make()
    committed(table, 0, "0|m|billing", T, T)
    overlay: Overlay = {("0|m|billing", table.window.current(T)): None}
    add(table, overlay, "0|m|billing", T)
    assert [row.tickets for row in overlay.values()] == [1]


def test_rows_move_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_MOVED", 3)
    _, table = make()
    for n in range(4):
        committed(table, 0, f"0|m|{n}", T, T + 60)
    gone = [
        sum(row is None for row in move_on(table, 0, T + 2 * EXPIRES).values()) for _ in range(4)
    ]
    assert gone == [3, 3, 2, 0]
    assert sum(row.tickets for row in everything(table).values()) == 8


keys = st.sampled_from(["m|billing", "m|account", "none|unknown"])
times = st.integers(0, 20 * DAY).map(lambda seconds: T + seconds)
steps = st.lists(
    st.tuples(
        st.sampled_from(["commit", "commit", "abort", "move on", "move on", "restart"]),
        st.integers(0, 1),
        st.lists(st.tuples(keys, times), max_size=4),
    ),
    max_size=25,
)


@given(steps)
def test_every_dollar_stands_in_exactly_one_row_whatever_happens(
    steps: list[tuple[str, int, list[tuple[str, float]]]],
) -> None:
    """Commits, late ones too, transactions that fail, moves at all three sizes, restarts: the table
    is what the changelog says, and its rows sum up to what was committed and is not deleted."""
    _, table = make()
    topic: dict[int, dict[bytes, bytes | None]] = {0: {}, 1: {}}
    paid: dict[tuple[str, float], int] = {}
    now = T
    for what, partition, events in steps:
        if what == "restart":
            table.open(partition, topic[partition])
            continue
        overlay: Overlay = {}
        for key, at in events:
            add(table, overlay, f"{partition}|{key}", at)
            now = max(now, at)
        if what == "move on":
            table.move_on(overlay, partition, now)
        if what == "abort":
            continue
        for (key, span), row in overlay.items():
            if row is None and Window.of(span).size == DAY:
                paid[key, span[0]] -= everything(table)[key, span].tickets
        for key, at in events:
            day = f"{partition}|{key}", at - at % DAY
            paid[day] = paid.get(day, 0) + 1
        topic[partition].update(table.records(overlay))
        table.apply(partition, overlay)
        stands: dict[tuple[str, float], int] = {}
        for (key, span), row in everything(table).items():
            day = key, span[0] - span[0] % DAY
            stands[day] = stands.get(day, 0) + row.tickets
        assert stands == {day: number for day, number in paid.items() if number}
    indexed = [row_key for keys in table.windows() for row_key in keys]
    assert sorted(indexed) == sorted(everything(table))
    _, restored = make()
    for partition in (0, 1):
        restored.open(partition, topic[partition])
    assert everything(restored) == everything(table)
    for far in (100 * DAY, 200 * DAY, 300 * DAY):  # into the hour, into the day, away
        for partition in (0, 1):
            assert move_on(restored, partition, T + far) == move_on(table, partition, T + far)
    assert everything(restored) == everything(table) == {}


def test_looking_for_rows_that_are_due_is_cheap_while_there_are_none() -> None:
    """It is done at every commit, and a week has 10,000 windows."""
    _, table = make()
    for n in range(10_000):
        committed(table, 0, "0|m|billing", T + 60 * n)
    began = time.perf_counter()
    overlay: Overlay = {}
    for _ in range(1_000):
        table.move_on(overlay, 0, T + EXPIRES)
    assert overlay == {}
    assert time.perf_counter() - began < 0.2  # sorting each time takes about a second


def test_faust_neither_reads_nor_recovers_the_changelogs() -> None:
    app = create_app(Settings())
    table = new_table(app)
    table.tumbling(SIZE)
    assert app.tables["spend"] is table
    assert app.tables.changelog_topics == set()
    assert not app.tables
    topic = table.changelog_topic
    assert topic.get_topic_name() == "ticket-streams-spend-changelog"
    assert (topic.compacting, topic.deleting) == (True, False)
