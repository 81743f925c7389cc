"""The overview, kept current without reading anything twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer

from streams.audit.books import BooksFollower, follow_books
from streams.audit.group import read_group
from streams.audit.latency import Latencies, Latency
from streams.audit.overview import RATE_SECONDS, Overview, overview
from streams.audit.snapshot import POLL_MS, Snapshot, open_consumer, open_snapshot
from streams.events.topics import Topics
from streams.events.wire import UndecodableEvent, decode_call
from streams.settings import Settings


class LiveOverview:
    """Made by :func:`follow_overview`; asked by one task."""

    def __init__(
        self,
        settings: Settings,
        snapshot: Snapshot,
        books: BooksFollower,
        calls: AIOKafkaConsumer,
    ) -> None:
        self._settings = settings
        self._topics = Topics.of(settings)
        self._snapshot = snapshot
        self._books = books
        self._calls = calls
        self._latencies = Latencies(RATE_SECONDS)

    async def look(self, now: float) -> tuple[Overview, Latency | None]:
        """As it is ``now`` (epoch seconds). Raises KafkaError and MissingTopicError."""
        settings = self._settings
        await self._read_calls()
        group = await read_group(self._snapshot, settings.app_id, self._topics.input)
        found = overview(self._books.books, group, now, settings.window_seconds, settings.budgets)
        return found, self._latencies.now(now)

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
    topics, bootstrap = Topics.of(settings), settings.bootstrap_servers
    async with (
        open_snapshot(bootstrap) as snapshot,
        open_consumer(bootstrap, "read_committed") as calls,
        follow_books(bootstrap, topics) as books,
    ):
        every = await snapshot.partitions([topics.calls])
        calls.assign(every)
        since = int((now - RATE_SECONDS) * 1000)
        found = await calls.offsets_for_times(dict.fromkeys(every, since))
        ends = await calls.end_offsets(every)
        for tp in every:
            place = found.get(tp)
            calls.seek(tp, ends[tp] if place is None else place.offset)
        yield LiveOverview(settings, snapshot, books, calls)
