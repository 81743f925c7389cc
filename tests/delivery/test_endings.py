"""What a worker's own commits need is written until readers see them. No Kafka."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from streams.delivery import endings
from streams.delivery.endings import Endings, Ends, LeftOutError, without_end
from streams.delivery.open_transactions import Open
from streams.delivery.records import Record
from tests.delivery.own_partition import opened

OURS, OTHERS = 7, 8
HERE, THERE = TopicPartition("tickets.billing", 0), TopicPartition("tickets.billing", 1)


class Kafka:
    """What readers see, whose transactions are open, and whether it is away."""

    def __init__(self) -> None:
        self.visible = {HERE: 0, THERE: 0}
        self.open: Open = {}
        self.away = False

    @asynccontextmanager
    async def open_consumer(self, *_: object) -> AsyncIterator["Kafka"]:
        yield self

    async def end_offsets(self, wanted: list[TopicPartition]) -> Ends:
        if self.away:
            raise KafkaConnectionError
        return {tp: self.visible[tp] for tp in wanted}

    async def learn(self, *_: object) -> None: ...

    async def open_transactions(
        self, _client: object, wanted: Collection[TopicPartition], _within: float
    ) -> Open:
        return {tp: self.open[tp] for tp in wanted if tp in self.open}


class Writer:
    """A source partition that only remembers what it is told."""

    number, name, producer_id = 3, "3", OURS

    def __init__(self) -> None:
        self.unseen: Ends = {}
        self.ended: list[set[TopicPartition]] = []

    def seen(self, ends: Ends) -> None:
        self.unseen = {tp: end for tp, end in self.unseen.items() if ends.get(tp, -1) < end}

    def end_again(self, where: Collection[TopicPartition]) -> None:
        self.ended.append(set(where))


@pytest.fixture
def kafka_seen(monkeypatch: pytest.MonkeyPatch) -> Kafka:
    kafka = Kafka()
    monkeypatch.setattr(endings, "open_consumer", kafka.open_consumer)
    monkeypatch.setattr(endings, "learn", kafka.learn)
    monkeypatch.setattr(endings, "open_transactions", kafka.open_transactions)
    return kafka


@pytest.fixture
def looks() -> Endings:
    no_client: Any = None
    return Endings("127.0.0.1:1", no_client)


async def test_a_commit_has_time_until_the_second_look_and_is_ended_at_each_one_after(
    kafka_seen: Kafka, looks: Endings
) -> None:
    writer = Writer()
    writer.unseen = {HERE: 5, THERE: 9}
    kafka_seen.visible[THERE] = 9
    kafka_seen.open = {HERE: {OURS: 4}}
    await looks.look([writer])
    assert not writer.ended
    await looks.look([writer])
    await looks.look([writer])
    assert writer.ended == [{HERE}, {HERE}]
    assert writer.unseen == {HERE: 5}
    kafka_seen.visible[HERE] = 6
    await looks.look([writer])
    assert len(writer.ended) == 2
    assert writer.unseen == {}
    await looks.close()


async def test_while_kafka_is_away_nothing_is_ended_and_nothing_fails(
    kafka_seen: Kafka, looks: Endings
) -> None:
    writer = Writer()
    writer.unseen = {HERE: 5}
    kafka_seen.open = {HERE: {OURS: 4}}
    await looks.look([writer])
    kafka_seen.away = True
    await looks.look([writer])
    assert not writer.ended
    kafka_seen.away = False
    await looks.look([writer])
    assert writer.ended == [{HERE}]
    await looks.close()


async def test_a_transaction_that_waits_goes_on_once_its_forerunners_are_seen(
    kafka_seen: Kafka, looks: Endings
) -> None:
    writer = Writer()
    writer.unseen = {HERE: 5, THERE: 9}
    kafka_seen.away = True
    kafka_seen.visible[THERE] = 9
    kafka_seen.open = {HERE: {OURS: 4}}
    waiting = asyncio.ensure_future(looks.until_seen(writer))
    await asyncio.sleep(0.01)
    kafka_seen.away = False
    await asyncio.sleep(0.3)
    assert not waiting.done()
    kafka_seen.visible[HERE] = 5
    await asyncio.wait_for(waiting, 30)
    assert (writer.unseen, writer.ended) == ({}, [])
    await looks.until_seen(writer)  # nothing is to be seen
    await looks.close()


async def test_a_transaction_that_waits_for_a_marker_that_never_comes_fails(
    kafka_seen: Kafka, looks: Endings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings, "MARKER_SECONDS", 0.2)
    writer = Writer()
    writer.unseen = {HERE: 5}
    kafka_seen.open = {HERE: {OURS: 4}}
    with pytest.raises(LeftOutError, match="1 partitions lack"):
        await asyncio.wait_for(looks.until_seen(writer), 30)
    await looks.close()


@pytest.mark.parametrize(
    ("visible", "told", "ended"),
    [
        (5, {HERE: {OURS: 4}}, False),  # seen, whatever is open behind it
        (3, {HERE: {OTHERS: 3}}, False),  # others' transaction is before it
        (3, {HERE: {OTHERS: 3, OURS: 4}}, True),
        (3, {HERE: {OTHERS: 3, OURS: 5}}, False),  # ours is the next one, which is under way
        (3, {}, True),  # Kafka does not tell
    ],
)
def test_only_our_own_want_of_an_end_is_mended(visible: int, told: Open, ended: bool) -> None:
    assert without_end({HERE: 5}, {HERE: visible}, told, OURS) == ({HERE} if ended else set())


class Producer:
    """Notes what is ended and committed, in its order."""

    producer_id = OURS

    def __init__(self) -> None:
        self.did: list[object] = []

    async def complete(
        self, unended: Iterable[TopicPartition], source: TopicPartition, offset: int
    ) -> None:
        self.did.append((set(unended), source, offset))

    async def commit(
        self, records: Iterable[Record], source: TopicPartition, offset: int | None
    ) -> dict[TopicPartition, int]:
        self.did.append("commit")
        return {HERE: 12}

    async def stop(self) -> None: ...


async def test_a_partition_ends_it_in_a_transaction_of_its_own_with_the_committed_offset() -> None:
    producer = Producer()
    partition = await opened(producer, committed=40)
    partition.end_again({HERE})
    async with asyncio.timeout(30):
        await partition.flush()
    assert producer.did == [({HERE}, TopicPartition("tickets", 3), 40), "commit"]
    assert partition.unseen == {HERE: 12}
    partition.seen({HERE: 12})
    assert partition.unseen == {}
    await partition.close()
