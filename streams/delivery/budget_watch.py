"""A worker's view of what all workers have spent: the committed rows of the spend table.

What it pays itself it knows at once, from the calls that it hands over (Budget.book).
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.access.connection import Address
from streams.audit.snapshot import next_records, open_consumer, open_snapshot
from streams.audit.topic_admin import TopicsError
from streams.books.budget import Budget, Seen
from streams.books.changelog import decode_key, decode_spend
from streams.books.limits import Limit, begin_of
from streams.books.purse import Part
from streams.books.row_scope import dimensions_of
from streams.delivery.partition import SourcePartition
from streams.events.topics import Topics
from streams.observe.logs import fields_of

log = logging.getLogger(__name__)

EVERY = 0.2
"""Seconds between looks: well below what makes a view too old (FRESH)."""

RETRY_SECONDS = 1.0

MARGIN = 3600.0
"""Seconds by which clocks may differ: a row is looked for so long before its window."""


class BudgetWatch:
    """Follows the spend table for ``budget``; ``tell`` is called after each look."""

    def __init__(
        self, bootstrap: Address, topics: Topics, budget: Budget, tell: Callable[[], None]
    ) -> None:
        self.partitions = 0
        """Of the input topic; 0 until they are known."""
        self._bootstrap = bootstrap
        self._topic = topics.spend
        self._budget = budget
        self._tell = tell
        self._rows: dict[bytes, Seen] = {}
        """By the key of the row, which tells its window too."""
        self._next: dict[TopicPartition, int] = {}
        self._read: dict[TopicPartition, int] = {}
        """Below this a record is not new, though it is read again."""
        self._oldest = 0.0
        self._rewind = False
        """Whether rows count that were passed over."""
        self._wanted = asyncio.Event()
        if budget:
            self._wanted.set()

    def change(self, limits: Iterable[Limit]) -> None:
        """These are the budgets from now on."""
        self._budget.change(limits, self._rows.values())
        if not self._budget:
            self._wanted.clear()
            return
        self._wanted.set()
        if self._begin() < self._oldest:  # a longer period than any before
            self._oldest, self._rewind = self._begin(), True
            self._budget.current_at = -math.inf

    async def run(self) -> None:
        """Follow until cancelled; while there are no budgets, nothing is read.

        While Kafka is away the view grows old, and calls wait.
        """
        while True:
            await self._wanted.wait()
            try:
                await self._follow()
            except (TopicsError, KafkaError, OSError) as error:
                log.warning("the books cannot be read, trying again: %s", error)
            self._tell()
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        async with open_snapshot(self._bootstrap) as snapshot:
            every = await snapshot.partitions([self._topic])
        self.partitions = len(every)
        async with open_consumer(self._bootstrap, "read_committed") as reader:
            reader.assign(every)
            await self._seek(reader, every)
            # The consumer hears of new partitions within five minutes.
            while len(reader.partitions_for_topic(self._topic) or every) == len(every):
                if not self._wanted.is_set():
                    return
                if self._rewind:
                    await self._seek(reader, every)
                await self.look(reader, every)
                self._tell()
                await asyncio.sleep(EVERY)

    async def _seek(self, reader: AIOKafkaConsumer, every: Sequence[TopicPartition]) -> None:
        """Where we were; else where the oldest rows begin that still count."""
        if self._rewind:
            self._read, self._next, self._rewind = self._next, {}, False
        since = round((self._forget() - MARGIN) * 1000)
        new = [tp for tp in every if tp not in self._next]
        found = await reader.offsets_for_times(dict.fromkeys(new, since)) if new else {}
        ends = await reader.end_offsets(every)
        for tp in every:
            place = found.get(tp)
            reader.seek(tp, self._next.get(tp, place.offset if place else ends[tp]))

    async def look(self, reader: AIOKafkaConsumer, every: Sequence[TopicPartition]) -> None:
        """See all that is committed by now."""
        self._forget()
        asked_at = self._budget.monotonic()
        ends = await reader.end_offsets(every)
        while True:
            self._next = {tp: await reader.position(tp) for tp in every}
            if all(self._next[tp] >= end for tp, end in ends.items()):
                break
            for record in await next_records(reader):
                self.take(record)
        if not self._rewind:
            self._budget.current_at = asked_at

    def take(self, record: ConsumerRecord) -> None:
        """A row as it is now."""
        try:
            if record.key is None:
                raise ValueError("a row needs a key")  # noqa: TRY301
            row_key, start, end = decode_key(record.key)
            partition, scope = dimensions_of(row_key)
            row = decode_spend(record.value) if record.value is not None else None
        except ValueError:
            at = f"{record.topic}[{record.partition}]@{record.offset}"
            log.warning("%s is not a row", at, extra=fields_of(record))
            return
        if start < self._oldest:
            return
        money = 0 if row is None else row.picodollars + row.unsettled_picodollars
        before = self._rows.get(record.key)
        change = money - (before.money if before else 0)
        self._rows[record.key] = Seen(partition, start, scope, money)
        if change:
            # What has moved into an hour or a day was seen in its own window before.
            anew = end - start <= self._budget.window_seconds
            again = record.offset < self._read.get(_place(record), 0)
            self._budget.see(Seen(partition, start, scope, change), anew=anew and not again)

    def _begin(self) -> float:
        """When the oldest period began that counts."""
        now = time.time()
        return min((begin_of(p.limit.period, now) for p in self._budget), default=now)

    def _forget(self) -> float:
        """Drop rows of periods that are over; returns when the oldest one that counts began."""
        oldest = self._begin()
        if oldest > self._oldest:
            self._oldest = oldest
            self._rows = {key: row for key, row in self._rows.items() if row.window >= oldest}
            self._budget.forget(oldest)
        return self._oldest


def _place(record: ConsumerRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def part_of(owned: Mapping[int, SourcePartition], of: int) -> tuple[Part, int]:
    """A worker's part of ``of`` partitions, and the generation of the group that gave it."""
    generations = [partition.generation for partition in owned.values()]
    return Part(len(owned), max(of, len(owned))), max(generations, default=-1)
