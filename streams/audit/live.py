"""The overview, kept current without reading anything twice."""

from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer

from streams.audit.books import BooksFollower, follow_books
from streams.audit.group import read_group
from streams.audit.latency import Latencies, Latency
from streams.audit.overview import (
    RATE_SECONDS,
    Overview,
    needed_since,
    overview,
    tickets_by_category,
)
from streams.audit.skips import Skips
from streams.audit.snapshot import POLL_MS, Snapshot, open_consumer, open_snapshot
from streams.events.topics import Topics
from streams.events.wire import UndecodableEvent, decode_call
from streams.settings import Settings

SPEED_SECONDS = 10.0
"""The speed shown is that of so long: bursts are seen, and it does not jump with every commit."""


class Speed:
    """Tickets a second in the last seconds, from sums that only grow."""

    def __init__(self) -> None:
        self._sums: deque[tuple[float, dict[str, int]]] = deque()

    def add(self, now: float, sums: dict[str, int]) -> dict[str, float]:
        """The speed by category at ``now`` (epoch seconds), ``sums`` being all so far; none at
        the first time."""
        while self._sums and self._sums[0][0] < now - SPEED_SECONDS:
            self._sums.popleft()
        self._sums.append((now, sums))
        began, before = self._sums[0]
        if now <= began:
            return {}
        return {name: (n - before.get(name, 0)) / (now - began) for name, n in sums.items()}


class Look(NamedTuple):
    """What there is to see."""

    overview: Overview
    latency: Latency | None
    speed: Mapping[str, float]
    """Tickets routed a second in the last seconds, by category; empty at the first look."""


class LiveOverview:
    """Made by :func:`follow_overview`; asked by one task."""

    def __init__(
        self,
        settings: Settings,
        snapshot: Snapshot,
        books: BooksFollower,
        calls: AIOKafkaConsumer,
        since: float,
    ) -> None:
        self._settings = settings
        self._topics = Topics.of(settings)
        self._snapshot = snapshot
        self._books = books
        self._calls = calls
        self._latencies = Latencies(RATE_SECONDS)
        self._speed = Speed()
        self._skips = Skips()
        self._since = since
        self.limits = settings.limits
        """The budgets that the look tells of."""

    async def look(self, now: float) -> Look:
        """As it is ``now`` (epoch seconds). Raises KafkaError and MissingTopicError."""
        settings, books = self._settings, self._books.books
        await self._read_calls()
        group = await read_group(self._snapshot, settings.app_id, self._topics)
        await self._skips.read_on(self._snapshot, self._topics.skipped, needed_since(now))
        found = overview(books, group, now, settings.window_seconds, self.limits, self._skips)
        speed = self._speed.add(now, tickets_by_category(books, self._since))
        return Look(found, self._latencies.now(now), speed)

    async def _read_calls(self) -> None:
        while batches := await self._calls.getmany(timeout_ms=POLL_MS):
            for record in (record for records in batches.values() for record in records):
                try:
                    self._latencies.take(decode_call(record.value))
                except UndecodableEvent:
                    continue  # verify names it


@asynccontextmanager
async def follow_overview(settings: Settings, now: float) -> AsyncIterator[LiveOverview]:
    """Follows from ``now`` (epoch seconds) on. Raises UnreachableError and MissingTopicError."""
    topics, bootstrap = Topics.of(settings), settings.kafka
    async with (
        open_snapshot(bootstrap) as snapshot,
        open_consumer(bootstrap, "read_committed") as calls,
        follow_books(bootstrap, topics) as books,
    ):
        every = await snapshot.partitions([topics.calls])
        calls.assign(every)
        since = now - RATE_SECONDS
        found = await calls.offsets_for_times(dict.fromkeys(every, int(since * 1000)))
        ends = await calls.end_offsets(every)
        for tp in every:
            place = found.get(tp)
            calls.seek(tp, ends[tp] if place is None else place.offset)
        yield LiveOverview(settings, snapshot, books, calls, since)
