"""A worker's view of what all workers have spent: the committed rows of the spend table.

What it pays itself it knows at once, from the calls that it hands over (Budget.book).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.audit.books import RowKey
from streams.audit.snapshot import POLL_MS, open_consumer, open_snapshot
from streams.audit.topic_admin import TopicsError
from streams.books.budget import Budget, Part, begin_of
from streams.books.changelog import decode_spend
from streams.delivery.partition import SourcePartition
from streams.events.topics import Topics

log = logging.getLogger(__name__)

EVERY = 0.2
"""Seconds between looks: well below what makes a view too old (FRESH)."""

RETRY_SECONDS = 1.0

MARGIN = 3600.0
"""Seconds by which clocks may differ: a row is looked for so long before its window."""


class BudgetWatch:
    """Follows the spend table for ``budget``; ``tell`` is called after each look."""

    def __init__(
        self, bootstrap: str, topics: Topics, budget: Budget, tell: Callable[[], None]
    ) -> None:
        self.partitions = 0
        """Of the input topic; 0 until they are known."""
        self._bootstrap = bootstrap
        self._topic = topics.spend
        self._budget = budget
        self._tell = tell
        self._rows: dict[RowKey, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self._oldest = 0.0

    async def run(self) -> None:
        """Follow until cancelled; without budgets, not at all.

        While Kafka is away the view grows old, and calls wait.
        """
        if not self._budget.limits:
            return
        while True:
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
                await self.look(reader, every)
                self._tell()
                await asyncio.sleep(EVERY)

    async def _seek(self, reader: AIOKafkaConsumer, every: Sequence[TopicPartition]) -> None:
        """Where we were; else where the oldest rows begin that still count."""
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
            for records in (await reader.getmany(timeout_ms=POLL_MS)).values():
                for record in records:
                    self.take(record)
        self._budget.current_at = asked_at

    def take(self, record: ConsumerRecord) -> None:
        """A row as it is now."""
        try:
            key = RowKey.of(record.key)
            row = decode_spend(record.value) if record.value is not None else None
        except ValueError:
            log.warning("%s[%d]@%d is not a row", record.topic, record.partition, record.offset)
            return
        if key.start < self._oldest:
            return
        money = 0 if row is None else row.picodollars + row.unsettled_picodollars
        change = money - self._rows.get(key, 0)
        self._rows[key] = money
        if change:
            self._budget.see(key.partition, key.start, change)

    def _forget(self) -> float:
        """Drop rows of periods that are over; returns when the oldest one that counts began."""
        now = time.time()
        oldest = min(begin_of(period, now) for period in self._budget.limits)
        if oldest > self._oldest:
            self._oldest = oldest
            self._rows = {key: money for key, money in self._rows.items() if key.start >= oldest}
            self._budget.forget(oldest)
        return self._oldest


def part_of(owned: Mapping[int, SourcePartition], of: int) -> tuple[Part, int]:
    """A worker's part of ``of`` partitions, and the generation of the group that gave it."""
    generations = [partition.generation for partition in owned.values()]
    return Part(len(owned), max(of, len(owned))), max(generations, default=-1)
