"""Whoever counts is told what is committed: all of it, once, and nothing else. No Kafka."""

import asyncio
from collections.abc import Iterable
from typing import Self

from aiokafka import TopicPartition

from streams.delivery.outbox import Outbox
from streams.delivery.records import Record
from streams.delivery.work import Skipped
from streams.events.model import SkippedRun, Ticket
from streams.events.wire import decode_skipped
from tests.delivery.events import TOPICS, classification, work
from tests.delivery.own_partition import books, new_partition, nothing_restored


class Producer:
    """Commits when it may, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.records: list[Record] = []
        self.offsets: list[int | None] = []

    async def commit(
        self, records: Iterable[Record], source: TopicPartition, offset: int | None
    ) -> dict[TopicPartition, int]:
        self.began.set()
        self.records += records
        self.offsets.append(offset)
        await self.may_end.wait()
        if self._error:
            raise self._error
        return {}

    async def stop(self) -> None: ...


class Scene:
    """A partition with one ticket that is finished."""

    def __init__(self, producer: Producer) -> None:
        self.told: list[tuple[list[int], float]] = []
        self.failed: asyncio.Future[BaseException] = asyncio.Future()
        self.partition = new_partition(
            producer, books=books(self.tell), on_failure=self.failed.set_result
        )

    async def open(self) -> Self:
        """With a result that is ready to be committed."""
        await self.partition.open(0, nothing_restored())
        item = work(7, ticket=Ticket("t1", "hello"))
        self.partition.already_known(item)
        self.partition.finish(item, classification())
        return self

    def tell(self, outbox: Outbox, seconds: float) -> None:
        self.told.append(([item.source.offset for item in outbox.released], seconds))


async def test_told_after_the_commit_and_not_before() -> None:
    producer = Producer()
    scene = await Scene(producer).open()
    await producer.began.wait()
    assert not scene.told
    producer.may_end.set()
    await scene.partition.flush()
    [(offsets, seconds)] = scene.told
    assert offsets == [7]
    assert seconds >= 0
    await scene.partition.close()


async def test_of_a_transaction_that_failed_nothing_is_told() -> None:
    producer = Producer(error=OSError("the outcome is unknown"))
    scene = await Scene(producer).open()
    producer.may_end.set()
    assert isinstance(await scene.failed, OSError)
    assert not scene.told
    await scene.partition.close()


async def test_an_event_that_is_skipped_is_on_record_and_its_offset_moves() -> None:
    producer = Producer()
    producer.may_end.set()
    scene = await Scene(producer).open()
    item = work(8, key=b"k")
    scene.partition.already_known(item)
    scene.partition.finish(item, Skipped("filtered"))
    await scene.partition.flush()
    sent = [record for record in producer.records if record.topic == TOPICS.skipped]
    [row] = [decode_skipped(record.value or b"") for record in sent]
    assert row.runs == (SkippedRun(8, 8, "filtered"),)
    assert [r.topic for r in producer.records if r.key == b"8"] == [TOPICS.done]
    assert producer.offsets[-1] == 9
    await scene.partition.close()
