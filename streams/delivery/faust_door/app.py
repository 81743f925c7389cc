"""The app: its books, what it asks of us and tells us, and how it stops."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from operator import add
from typing import Any

import faust

from streams.delivery.last_resort import EXIT_FAILED, exit_within
from streams.delivery.tables import BookTable, BookWrapper
from streams.delivery.throttling import Throttled, nobody
from streams.events.sources import Place
from streams.settings import Settings

IsInput = Callable[[str], bool]
"""Whether tickets are read from that topic."""

DRAIN_MARGIN = 6.0
"""Seconds for the last transactions, after the grace for calls in flight is over."""

RESUBSCRIBE_SECONDS = 1.0
"""Upstream waits 45 s after a topic was added, for more of them."""

CLOSE_TIMEOUT = 5.0
"""Seconds for Kafka's clients to close on a stop, and for the consumer to leave the group."""


class App(faust.App):  # type: ignore[misc]
    """A Faust app with books, that is drained by us before Faust stops its consumer."""

    settings: Settings
    spend: BookWrapper
    errors: BookWrapper

    drain: Callable[[], Awaitable[None]] | None = None
    """Finishes and commits what is in hand."""

    find_topics: Callable[[], Awaitable[None]] | None = None
    """Has topics subscribed to that only Kafka knows of; asked before the first subscription."""

    held_back: Callable[[], Collection[tuple[str, int]]] = frozenset
    """The input topics' partitions that are not read for now: topic and number."""

    coming: Callable[[tuple[str, int], int], object] = staticmethod(lambda *_: None)
    """Told how far a partition was fetched, as topic and number: up to which offset its events are
    on their way to the agent."""

    standing: Callable[[], Mapping[Place, int]] = dict
    """The offsets from which the open partitions of input topics are read, when asked."""

    throttled: Throttled = staticmethod(nobody)
    """Told, in the consumer's thread, what quotas do to the consumer."""

    def book(
        self,
        name: str,
        default: Callable[[], Any],
        encode: Callable[[Any], bytes],
        decode: Callable[[bytes], Any],
        settings: Settings,
    ) -> BookWrapper:
        """A tumbling table whose rows are written in transactions; see streams.delivery.tables.

        Rows are numbers, or of a class with ``plus``.
        """
        table: BookTable = self.Table(
            name,
            default=default,
            encode=encode,
            decode=decode,
            plus=getattr(default, "plus", add),
            retention=settings.retention,
        )
        window: BookWrapper = table.tumbling(settings.window_seconds)
        relative: BookWrapper = window.relative_to_now()
        return relative

    def also_read(self, channel: Any, topics: Iterable[str]) -> list[str]:
        """Have the agent on ``channel`` read these topics too; returns those that are new to it.

        Upstream can subscribe to a pattern, but delivers nothing of what it finds.
        """
        before = list(channel.topics)
        new = [topic for topic in topics if topic not in before]
        if new:
            # Once it runs, the agent reads from a copy of the channel, which is registered there.
            for one in {channel, *self.topics}:
                if list(one.topics) == before:
                    one.topics = [*before, *new]
            self.topics._flag_changes()  # the group is rebalanced soon
        return new

    async def on_start(self) -> None:
        """Before anything is subscribed to."""
        self.topics._resubscribe_sleep_lock_seconds = RESUBSCRIBE_SECONDS
        if self.find_topics is not None:
            await self.find_topics()
        await super().on_start()

    def is_rebalancing(self) -> bool:
        """Whether the group is being rebalanced."""
        return bool(self.rebalancing)

    async def assignment_of(self, is_input: IsInput) -> tuple[list[Place], int]:
        """Our partitions of input topics and the group's generation, once no old fetch is left."""
        await self.consumer.until_no_fetch()
        ours = [Place(*tp) for tp in self.consumer.assignment() if is_input(tp.topic)]
        return ours, self.consumer_generation_id

    async def positions_of(self, is_input: IsInput) -> dict[Place, int]:
        """Where the consumer stands in our partitions of input topics."""
        ours = [tp for tp in self.consumer.assignment() if is_input(tp.topic)]
        return {Place(*tp): await self.consumer.position(tp) or 0 for tp in ours}

    def _create_directories(self) -> None:
        """Upstream makes folders for stores on disk; ours are in memory, and nothing is left."""

    async def on_stop(self) -> None:
        """Still a member of the group here, so calls in flight can be finished and committed."""
        if self.drain is not None:
            with contextlib.suppress(TimeoutError):  # Kafka is away: it is left to the next owner
                async with asyncio.timeout(self.settings.stop_grace + DRAIN_MARGIN):
                    await self.drain()
        exit_within(CLOSE_TIMEOUT, lambda: 0 if self.crash_reason is None else EXIT_FAILED)
        await super().on_stop()


def forget(app: App, event: Any) -> None:
    """Take an event out of Faust's hands: it must neither commit it nor wait for it.

    Upstream waits for every unacknowledged event before a rebalance, and keeps a reference to the
    last one itself, so that dropping work without this would wait for ever.
    """
    app.consumer._unacked_messages.discard(event.message)
