"""Kafka as one source partition sees it: logs with gaps, one transaction at a time, fencing."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from streams.delivery.records import Record
from streams.events.model import CallRecord
from streams.events.wire import encode_call
from tests.delivery.events import TOPICS


class Outcome(Enum):
    """How a transaction ends."""

    COMMITTED = "committed"
    ABORTED = "aborted, and its producer is told so"
    UNHEARD = "committed, but its producer is told that it failed"


@dataclass(slots=True)
class Log:
    """One partition of a topic, as far as a read_committed reader sees it.

    Markers and the records of aborted transactions take offsets and are never seen.
    """

    start: int = 0
    end: int = 0
    records: dict[int, Record] = field(default_factory=dict)


@dataclass(slots=True)
class Transaction:
    """Its records have their offsets, and are seen only if it is committed."""

    places: list[tuple[Log, int, Record]]
    ends: dict[TopicPartition, int]
    offset: int | None
    outcome: asyncio.Future[Outcome]


class FakeKafka:
    """``on_commit`` is told the records and the source offset of each committed transaction."""

    def __init__(self, on_commit: Callable[[list[Record], int | None], None]) -> None:
        self.logs: dict[TopicPartition, Log] = defaultdict(Log)
        self.committed = 0
        self.epoch = 0
        self.open: Transaction | None = None
        self.slow = False
        """Transactions stay open until ``answer``."""
        self._on_commit = on_commit

    def fence(self, *, arrived: bool) -> int:
        """A new epoch. An open transaction is aborted, unless its commit had ``arrived``."""
        self.slow = False
        if self.open is not None:
            self.answer(Outcome.UNHEARD if arrived else Outcome.ABORTED)
        self.epoch += 1
        return self.epoch

    def begin(self, records: Iterable[Record], offset: int | None) -> Transaction:
        """Append the records: from now on they take their places."""
        assert self.open is None, "a producer has one transaction at a time"
        places: list[tuple[Log, int, Record]] = []
        ends: dict[TopicPartition, int] = {}
        for record in records:
            target = TopicPartition(record.topic, record.partition)
            log = self.logs[target]
            places.append((log, log.end, record))
            log.end += 1
            ends[target] = log.end
        outcome = asyncio.get_running_loop().create_future()
        self.open = transaction = Transaction(places, ends, offset, outcome)
        if not self.slow:
            self.answer(Outcome.COMMITTED)
        return transaction

    def answer(self, outcome: Outcome) -> None:
        """End the open transaction."""
        transaction, self.open = self.open, None
        assert transaction is not None
        for target in transaction.ends:
            self.logs[target].end += 1  # the marker
        if outcome is not Outcome.ABORTED:
            for log, offset, record in transaction.places:
                log.records[offset] = record
            if transaction.offset is not None:
                assert transaction.offset > self.committed, "the committed offset goes back"
                self.committed = transaction.offset
            self._on_commit([record for *_, record in transaction.places], transaction.offset)
        if not transaction.outcome.done():
            transaction.outcome.set_result(outcome)

    def write(self, record: Record) -> None:
        """Outside of any transaction."""
        log = self.logs[TopicPartition(record.topic, record.partition)]
        log.records[log.end] = record
        log.end += 1

    def delete_records(self, target: TopicPartition, before: int) -> None:
        """As the admin client's: what lies below ``before`` is gone."""
        log = self.logs[target]
        assert log.start <= before <= log.end
        log.start = before
        log.records = {o: record for o, record in log.records.items() if o >= before}


class FakeProducer:
    """In the place of a PartitionProducer, fenced."""

    def __init__(self, kafka: FakeKafka, *, arrived: bool) -> None:
        self._kafka = kafka
        self._epoch = kafka.fence(arrived=arrived)

    async def commit(
        self, records: Iterable[Record], source: TopicPartition, offset: int | None
    ) -> dict[TopicPartition, int]:
        """All or nothing. Raises KafkaError; then the outcome is unknown to the caller."""
        if self._epoch != self._kafka.epoch:
            raise ProducerFenced
        transaction = self._kafka.begin(records, offset)
        if await transaction.outcome is not Outcome.COMMITTED:
            raise KafkaError
        return transaction.ends

    async def stop(self) -> None:
        """An open transaction is left to the next owner's fence."""


class FakeIntents:
    """In the place of Intents."""

    def __init__(self, kafka: FakeKafka) -> None:
        self._kafka = kafka

    async def write(self, call: CallRecord) -> None:
        """There, whatever becomes of the worker and of its transaction."""
        key, value = call.call_id.encode(), encode_call(call)
        self._kafka.write(Record(TOPICS.intents, call.source_partition, key, value))


class FakeConsumer:
    """In the place of an AIOKafkaConsumer that reads committed records, a few at a time."""

    def __init__(self, kafka: FakeKafka, *, isolation_level: str, **_: Any) -> None:
        assert isolation_level == "read_committed"
        assert kafka.open is None, "what is read before the fence may change"
        self._kafka = kafka
        self._position: dict[TopicPartition, int] = {}

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def assign(self, wanted: Collection[TopicPartition]) -> None:
        self._position = dict.fromkeys(wanted, -1)

    async def seek_to_beginning(self, *wanted: TopicPartition) -> None:
        self._position.update({tp: self._kafka.logs[tp].start for tp in wanted})

    async def end_offsets(self, wanted: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: self._kafka.logs[tp].end for tp in wanted}

    async def position(self, tp: TopicPartition) -> int:
        return self._position[tp]

    async def getmany(
        self, *wanted: TopicPartition, **_: Any
    ) -> dict[TopicPartition, list[Record]]:
        found = {}
        for tp in wanted:
            log, at = self._kafka.logs[tp], self._position[tp]
            self._position[tp] = min(log.end, at + 7)
            offsets = range(at, self._position[tp])
            found[tp] = [log.records[offset] for offset in offsets if offset in log.records]
        return found
