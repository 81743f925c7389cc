"""What has no end is ended by what the done rows say of it. No Kafka."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.delivery import mending
from streams.delivery.mending import Mending
from streams.delivery.records import Record
from streams.delivery.restore import Restored
from streams.delivery.unended import Starts
from streams.events.headers import APP, ROUTED_SOURCE
from streams.events.model import Done
from streams.events.sources import Place, Sources
from tests.delivery.events import TOPICS

NUMBER, SOURCE = 3, TopicPartition("tickets", 3)
OUT = TopicPartition("tickets.billing", 0)
DONE, CALLS = TopicPartition(TOPICS.done, NUMBER), TopicPartition(TOPICS.calls, NUMBER)
BEGIN = 10
"""Tickets below are out; of those from here on only DONE_AHEAD."""
DONE_AHEAD = 12


class Producer:
    """Notes how transactions are ended, and what is sent once more."""

    producer_id = 7

    def __init__(self) -> None:
        self.did: list[object] = []

    async def undo(self, unended: Iterable[TopicPartition], source: TopicPartition) -> None:
        assert source == SOURCE
        self.did.append(("abort", set(unended)))

    async def complete(
        self, unended: Iterable[TopicPartition], source: TopicPartition, offset: int | None
    ) -> None:
        assert (source, offset) == (SOURCE, None)
        self.did.append(("commit", set(unended)))

    async def commit(
        self, records: Iterable[Record], source: TopicPartition, offset: int | None
    ) -> dict[TopicPartition, int]:
        assert (source, offset) == (SOURCE, None)
        self.did.append([record.key for record in records])
        return {}


def result(offset: int) -> Any:
    told = {"topic": b"tickets", "partition": b"3", "offset": b"%d" % offset}
    headers = [(ROUTED_SOURCE + name, value) for name, value in told.items()]
    return SimpleNamespace(
        **{"topic": OUT.topic, "partition": 0, "key": b"%d" % offset, "value": b"v"},
        timestamp=1_700_000_000_000,
        headers=(*headers, (APP, TOPICS.app.encode())),
    )


async def mend(
    monkeypatch: pytest.MonkeyPatch,
    left: Starts,
    *offsets: int,
    seen: Iterable[int] = (),
    last_done_committed: bool = True,
    released: Iterable[int] = (),
) -> list[object]:
    """What is done about what is ``left``, results of ``offsets`` among it."""

    async def left_without_end(*_: object) -> dict[int, Starts]:
        return {NUMBER: left}

    async def last_is_committed(*_: object) -> bool:
        return last_done_committed

    async def released_since(*_: object) -> dict[int, int]:
        return dict.fromkeys(released, 1_700_000_000_000)

    async def records_of(*_: object) -> list[Any]:
        return [result(offset) for offset in offsets]

    async def seen_since(*_: object) -> set[int]:
        return set(seen)

    for stands_in in (left_without_end, last_is_committed, released_since, records_of, seen_since):
        monkeypatch.setattr(mending, stands_in.__name__, stands_in)
    producer = Producer()
    not_real: Any = producer
    state = Restored()
    state.progress.take(Done(DONE_AHEAD, released=True), ())
    state.progress.take(Done(DONE_AHEAD + 1, released=False), ())
    place, no_client = Place("tickets", NUMBER), not_real
    one = Mending("", TOPICS, Sources("tickets"), {NUMBER: place}, {NUMBER: not_real})
    await one.end_own(no_client, {OUT.topic: 1})
    await one.end_outputs({NUMBER: BEGIN}, {NUMBER: state})
    return producer.did


async def test_results_of_tickets_that_are_out_are_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    did = await mend(monkeypatch, {OUT: 5}, BEGIN - 1, DONE_AHEAD)
    assert did == [("commit", {OUT})]


async def test_results_of_tickets_that_are_to_be_done_again_are_aborted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    did = await mend(monkeypatch, {OUT: 5}, BEGIN, DONE_AHEAD + 1)
    assert did == [("abort", {OUT})]


async def test_of_both_kinds_together_those_that_are_out_are_sent_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    did = await mend(monkeypatch, {OUT: 5}, BEGIN - 1, BEGIN, DONE_AHEAD)
    assert did == [("abort", {OUT}), [b"9", b"12"]]


async def test_a_result_that_is_to_be_seen_elsewhere_is_not_brought_out_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await mend(monkeypatch, {OUT: 5}, 8, seen=[8]) == [("abort", {OUT})]
    did = await mend(monkeypatch, {OUT: 5}, 8, 9, 9)
    assert did == [("abort", {OUT}), [b"8", b"9"]]


async def test_without_its_done_rows_a_transaction_is_aborted_and_with_them_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    did = await mend(monkeypatch, {DONE: 4, CALLS: 5, OUT: 6}, BEGIN)
    assert did == [("abort", {DONE, CALLS}), ("abort", {OUT})]
    did = await mend(monkeypatch, {CALLS: 5})
    assert did == [("commit", {CALLS})]
    did = await mend(monkeypatch, {CALLS: 5}, last_done_committed=False)
    assert did == [("abort", {CALLS})]


async def test_a_transaction_of_which_something_came_out_is_committed_with_its_done_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left, out = {DONE: 4, CALLS: 5, OUT: 6}, [DONE_AHEAD, 20]
    did = await mend(monkeypatch, left, DONE_AHEAD, released=out, seen=[20])
    assert did == [("commit", {DONE, CALLS}), ("commit", {OUT})]
    did = await mend(monkeypatch, left, BEGIN, released=out, seen=[21])
    assert did == [("abort", {DONE, CALLS}), ("abort", {OUT})]


async def test_where_kafka_does_not_tell_where_it_begins_it_is_aborted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    did = await mend(monkeypatch, {DONE: None, OUT: None})
    assert did == [("abort", {DONE}), ("abort", {OUT})]
