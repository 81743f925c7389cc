"""The windowed tables: what readers see, transaction by transaction. No Kafka."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.books.changelog import decode_spend, encode_key, encode_spend
from streams.books.rows import SpendRow
from streams.delivery import tables
from streams.delivery.faust_door import create_app
from streams.delivery.tables import BookTable, Overlay
from streams.settings import Settings

SIZE, EXPIRES = 60, 3_600
ONE = SpendRow(tickets=1, picodollars=5)
T = 1_700_000_040.0  # the beginning of a window


def make() -> tuple[Any, BookTable]:
    """A table as the app makes it, and its window wrapper; partitions 0 and 1 are open."""
    app = create_app(Settings())
    table = app.Table("spend", default=SpendRow, encode=encode_spend, decode=decode_spend)
    wrapper = table.tumbling(SIZE, expires=EXPIRES)
    for partition in (0, 1):
        table.open(partition, {})
    return wrapper, table


def add(table: BookTable, overlay: Overlay, key: str, at: float, row: SpendRow = ONE) -> None:
    table.add_to(overlay, key, at, lambda old: old.plus(row))


def committed(table: BookTable, partition: int, key: str, *at: float) -> Overlay:
    """A transaction that adds ONE at each of these times."""
    overlay: Overlay = {}
    for time_ in at:
        add(table, overlay, key, time_)
    table.apply(partition, overlay)
    return overlay


def everything(table: BookTable) -> dict[Any, Any]:
    return dict(table.data.data)


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
    assert table.expired(0, T + 10 * EXPIRES) == []


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


def expire(table: BookTable, partition: int, now: float) -> Overlay:
    """A transaction with the tombstones that are due."""
    overlay: Overlay = dict.fromkeys(table.expired(partition, now))
    table.apply(partition, overlay)
    return overlay


def test_windows_expire_with_tombstones_when_their_time_is_over() -> None:
    wrapper, table = make()
    committed(table, 0, "0|m|billing", T, T + 60)
    committed(table, 1, "1|m|billing", T)
    assert expire(table, 0, T + EXPIRES + 59) == {}
    gone = expire(table, 0, T + EXPIRES + 60)
    assert [(key, row) for (key, _), row in gone.items()] == [("0|m|billing", None)]
    [(raw_key, raw)] = table.records(gone)
    assert raw is None
    assert raw_key == encode_key("0|m|billing", *table.window.current(T))
    assert wrapper["0|m|billing"].at(T) == SpendRow()
    assert wrapper["0|m|billing"].at(T + 60) == ONE
    assert wrapper["1|m|billing"].at(T) == ONE
    assert expire(table, 0, T + EXPIRES + 60) == {}
    assert len(expire(table, 0, T + 10 * EXPIRES)) == 1
    assert list(table.windows()) == [{("1|m|billing", table.window.current(T))}]


def test_restored_windows_expire_too() -> None:
    _, table = make()
    start, end = table.window.current(T)
    table.open(0, {encode_key("0|m|billing", start, end): encode_spend(ONE)})
    assert len(expire(table, 0, T + 2 * EXPIRES)) == 1
    assert everything(table) == {}


def test_an_aborted_expiry_is_tried_again() -> None:
    _, table = make()
    committed(table, 0, "0|m|billing", T)
    later = T + 2 * EXPIRES
    first = table.expired(0, later)
    assert table.expired(0, later) == first
    assert len(first) == 1


def test_a_late_event_of_an_expired_window_starts_anew_and_expires_again() -> None:
    wrapper, table = make()
    committed(table, 0, "0|m|billing", T, T)
    later = T + 2 * EXPIRES
    expire(table, 0, later)
    committed(table, 0, "0|m|billing", T)
    assert wrapper["0|m|billing"].at(T).tickets == 1
    assert len(expire(table, 0, later)) == 1
    assert everything(table) == {}


def test_a_late_event_of_an_open_window_is_counted_in_it() -> None:
    wrapper, table = make()
    committed(table, 0, "0|m|billing", T + 600)
    committed(table, 0, "0|m|billing", T)
    assert wrapper["0|m|billing"].at(T).tickets == 1
    assert wrapper["0|m|billing"].at(T + 600).tickets == 1
    assert len(expire(table, 0, T + EXPIRES + 60)) == 1


def test_a_row_that_a_transaction_deletes_first_starts_anew_in_it() -> None:
    _, table = make()
    committed(table, 0, "0|m|billing", T, T)
    overlay: Overlay = {("0|m|billing", table.window.current(T)): None}
    add(table, overlay, "0|m|billing", T)
    assert [row.tickets for row in overlay.values()] == [1]


def test_tombstones_come_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_TOMBSTONES", 3)
    _, table = make()
    for n in range(4):
        committed(table, 0, f"0|m|{n}", T, T + 60)
    sizes = [len(expire(table, 0, T + 2 * EXPIRES)) for _ in range(4)]
    assert sizes == [3, 3, 2, 0]
    assert everything(table) == {}


keys = st.sampled_from(["m|billing", "m|account", "none|unknown"])
times = st.integers(0, 3 * EXPIRES).map(lambda seconds: T + seconds)
steps = st.lists(
    st.tuples(
        st.sampled_from(["commit", "commit", "abort", "expire", "reopen"]),
        st.integers(0, 1),
        st.lists(st.tuples(keys, times), max_size=4),
    ),
    max_size=25,
)


@given(steps)
def test_a_restore_from_the_changelog_gives_the_same_table(
    steps: list[tuple[str, int, list[tuple[str, float]]]],
) -> None:
    """Any transactions, in any order: the table, the changelog and a plain dictionary agree."""
    _, table = make()
    topic: dict[int, dict[bytes, bytes | None]] = {0: {}, 1: {}}
    plain: dict[Any, int] = {}
    now = T
    for what, partition, events in steps:
        if what == "reopen":
            table.open(partition, topic[partition])
            continue
        overlay: Overlay = {}
        for key, at in events:
            add(table, overlay, f"{partition}|{key}", at)
            now = max(now, at)
        if what == "abort":
            continue
        if what == "expire":
            for row_key in table.expired(partition, now):
                overlay.setdefault(row_key, None)
        topic[partition].update(table.records(overlay))
        table.apply(partition, overlay)
        for key, at in events:
            row_key = (f"{partition}|{key}", table.window.current(at))
            plain[row_key] = plain.get(row_key, 0) + 1
        for row_key, row in overlay.items():
            if row is None:
                del plain[row_key]
    assert {key: row.tickets for key, row in everything(table).items()} == plain
    indexed = [row_key for keys in table.windows() for row_key in keys]
    assert sorted(indexed) == sorted(plain)
    _, restored = make()
    for partition in (0, 1):
        restored.open(partition, topic[partition])
    assert everything(restored) == everything(table)
    far = T + 100 * EXPIRES
    for partition in (0, 1):
        assert set(expire(restored, partition, far)) == set(expire(table, partition, far))
    assert everything(restored) == everything(table) == {}


def test_looking_for_expired_windows_is_cheap_while_there_are_none() -> None:
    """It is done at every commit, and a week has 10,000 windows."""
    _, table = make()
    for n in range(10_000):
        committed(table, 0, "0|m|billing", T + 60 * n)
    table.window.expires = 60 * 20_000
    began = time.perf_counter()
    for _ in range(1_000):
        assert table.expired(0, T + 60 * 10_000) == []
    assert time.perf_counter() - began < 0.2  # sorting each time takes about a second


def test_faust_neither_reads_nor_recovers_the_changelogs() -> None:
    app = create_app(Settings())
    table = app.Table("spend", default=SpendRow, encode=encode_spend, decode=decode_spend)
    table.tumbling(SIZE, expires=EXPIRES)
    assert app.tables["spend"] is table
    assert app.tables.changelog_topics == set()
    assert not app.tables
    topic = table.changelog_topic
    assert topic.get_topic_name() == "ticket-streams-spend-changelog"
    assert (topic.compacting, topic.deleting) == (True, False)
