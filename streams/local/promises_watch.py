"""Follows all topics for the demo's panel: each record is read once, and then never again."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.audit.checks import Evidence
from streams.audit.snapshot import POLL_MS, Snapshot, open_consumer, open_snapshot
from streams.audit.topic_admin import TopicsError
from streams.audit.verify import committed_offsets
from streams.claude.prices import prices_of
from streams.events.sources import Sources
from streams.events.topics import Topics
from streams.local.promises import Promises, Verdict
from streams.local.standin.process import StandInError
from streams.settings import Settings

log = logging.getLogger(__name__)

EVERY_SECONDS = 0.25
RETRY_SECONDS = 1.0
LOOK_SECONDS = 15.0
"""Longer than any transaction stays open in a demo. A look that takes longer begins anew, with
another connection: aiokafka may wait for ever when its broker has gone."""

GetAccount = Callable[[], Mapping[str, Any]]


class PromisesWatch:
    """The verdict, kept current by :meth:`run`. ``account`` asks the API; it may block."""

    def __init__(self, settings: Settings, topics: Topics, account: GetAccount) -> None:
        self.verdict = Verdict("starting")
        self.looked_at = 0.0
        """When the verdict was true (epoch seconds)."""
        self.moved_at = time.time()
        """When a ticket last came or went (epoch seconds)."""
        self._settings = settings
        self._topics = topics
        self._account = account
        sources = Sources(topics.input)  # a demo has one input topic
        self._inputs = [topics.input], sources
        self._promises = Promises(
            topics, Evidence(sources, settings.window_seconds, {}, prices=prices_of(settings))
        )
        self._next: dict[TopicPartition, int] = {}
        self._seen: object = None
        """What the verdict is about, where it was made at rest."""
        self._changed = asyncio.Event()

    @property
    def current(self) -> bool:
        """Whether the verdict is of now; not while Kafka is away."""
        return time.time() - self.looked_at < 2 * EVERY_SECONDS + 2

    async def until(self, holds: Callable[[Verdict], bool]) -> Verdict:
        """Wait for a verdict, made from now on, for which ``holds``."""
        asked_at = time.time()
        while self.looked_at < asked_at or not holds(self.verdict):
            await self._changed.wait()
        return self.verdict

    async def run(self) -> None:
        """Follow until cancelled, whatever happens to Kafka."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS) as limit:
                    await self._follow(limit)
            except (KafkaError, TopicsError, StandInError, OSError, TimeoutError) as error:
                log.debug("the promises cannot be looked at, trying again: %r", error)
            except Exception:
                # A panel that stands still and says nothing would be worse.
                log.exception("the promises cannot be looked at, trying again")
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self, limit: asyncio.Timeout) -> None:
        topics, bootstrap = self._topics, self._settings.kafka
        names = [
            topics.input,
            *(topics.calls, topics.done, topics.spend, topics.errors),
            *(*topics.outputs, topics.dead_letter),
            *([topics.skipped] if topics.skips else []),
        ]
        async with (
            open_snapshot(bootstrap) as snapshot,
            open_consumer(bootstrap, "read_committed") as reader,
        ):
            every = await snapshot.partitions(names)
            reader.assign(every)
            for tp in every:
                reader.seek(tp, self._next.get(tp, 0))
            while True:
                limit.reschedule(asyncio.get_running_loop().time() + LOOK_SECONDS)
                await self._look(snapshot, reader, names)
                await asyncio.sleep(EVERY_SECONDS)

    async def _look(self, snapshot: Snapshot, reader: AIOKafkaConsumer, names: list[str]) -> None:
        """The order makes the verdict sound, as in streams/audit/verify.py."""
        asked_at = time.time()
        committed = await committed_offsets(snapshot, self._settings.app_id, *self._inputs)
        ends = await snapshot.written(names)
        self._promises.take(await self._read(reader, ends))
        account = await asyncio.to_thread(self._account)
        at_rest = not account["in_flight"] and await snapshot.written(names) == ends
        seen = (committed, ends, account)
        if seen != self._seen:  # at rest all checks are made: once
            before = self.verdict
            self.verdict = self._promises.judge(committed, account, at_rest=at_rest)
            if (before.tickets, before.in_flight) != (self.verdict.tickets, self.verdict.in_flight):
                self.moved_at = asked_at
        self._seen = seen if at_rest else None
        self.looked_at = asked_at
        self._changed.set()
        self._changed = asyncio.Event()

    async def _read(
        self, reader: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]
    ) -> list[ConsumerRecord]:
        """Everything up to ``ends``; waits for transactions that are open."""
        found: list[ConsumerRecord] = []
        while True:
            positions = {tp: await reader.position(tp) for tp in ends}
            if all(positions[tp] >= end for tp, end in ends.items()):
                self._next = positions
                return found
            for records in (await reader.getmany(timeout_ms=POLL_MS)).values():
                found += records
