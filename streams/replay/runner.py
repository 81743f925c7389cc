"""Carries a replay out: the worker's own machinery over a range of the input topics.

No consumer group assigns anything: this one process owns all partitions of the run. It fences
whoever ran the same run before, goes on from what that committed, and ends with the range. All that
is exactly once of a worker is so here, for it is the same code with an app id of its own.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from streams.access.connection import client_arguments
from streams.app import Parts, assemble, without_run
from streams.audit.snapshot import open_consumer
from streams.audit.topic_admin import create_missing
from streams.books.changelog import decode_count, decode_spend, encode_count, encode_spend
from streams.books.rows import SpendRow
from streams.delivery.choice import Choice
from streams.delivery.faust_door import create_app
from streams.delivery.member import Member
from streams.delivery.outbox import Books
from streams.delivery.progress import metadata_of
from streams.delivery.work import Work
from streams.events.headers import RUN
from streams.events.topics import Topics
from streams.events.wire import RoutedEncoder
from streams.preflight import output_encoder
from streams.replay.plan import Plan
from streams.settings import Settings

GENERATION = 1
POLL_MS = 100
LOOK_EVERY = 0.2
HOUSEKEEPING_EVERY = 30.0


@dataclass
class Replay:
    """``settings`` and ``topics`` are those of the run. ``tell`` gets the events that are finished
    and all of them, gaps included."""

    settings: Settings
    topics: Topics
    plan: Plan
    tell: Callable[[int, int], object]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it to end early: what is in flight is finished and committed."""
    finished: bool = False

    async def run(self) -> None:
        """To the end of the range, or until ``stop``. Raises KafkaError, TopicsError."""
        await create_missing(self.settings, self.topics)
        await self._begin_where_planned()
        parts = self._assemble(await output_encoder(self.settings, self.topics))
        background = [asyncio.create_task(work) for work in self._background(parts)]
        try:
            await self._owned(parts)
        finally:
            await parts.stop()
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)

    async def _owned(self, parts: Parts) -> None:
        await parts.claude.open()
        await parts.member.assigned(list(self.plan.within), GENERATION)
        if not parts.member.ready:
            await asyncio.Event().wait()  # it has told why, and the process ends
        working = asyncio.create_task(self._work(parts))
        stopping = asyncio.create_task(self.stop.wait())
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if working.done():
            working.result()
            self.finished = True
        else:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _begin_where_planned(self) -> None:
        """Commit the beginning of the range, where the run has committed nothing yet."""
        consumer = AIOKafkaConsumer(
            **client_arguments(self.settings.kafka),
            group_id=self.settings.app_id,
            enable_auto_commit=False,
        )
        try:
            await consumer.start()
            consumer.assign(list(self._partitions()))
            new = {
                tp: OffsetAndMetadata(span.start, metadata_of(self.plan.topics[tp.topic]))
                for tp, span in self._partitions().items()
                if await consumer.committed(tp) is None
            }
            if new:
                await consumer.commit(new)
        finally:
            await consumer.stop()

    def _partitions(self) -> Mapping[TopicPartition, range]:
        return {TopicPartition(*place): span for place, span in self.plan.within.items()}

    def _assemble(self, encoder: RoutedEncoder) -> Parts:
        app = create_app(self.settings)
        spend = app.book("spend", SpendRow, encode_spend, decode_spend, self.settings).table
        errors = app.book("errors", int, encode_count, decode_count, self.settings).table
        choice = Choice(
            skip_tombstones=self.settings.tombstones == "skip",
            only=self.plan.selection if self.plan.selected else None,
        )
        books = Books(spend, errors)
        return assemble(self.settings, self.topics, books, encoder, lambda: False, choice)

    async def _work(self, parts: Parts) -> None:
        async with open_consumer(self.settings.kafka, "read_committed") as consumer:
            left = {tp: span.stop for tp, span in self._partitions().items()}
            consumer.assign(list(left))
            for place, committed in parts.member.standing().items():
                consumer.seek(TopicPartition(*place), committed)
            while left:
                for tp, records in (await consumer.getmany(*left, timeout_ms=POLL_MS)).items():
                    for record in records:
                        if record.offset < left[tp]:
                            await parts.member.receive(
                                self._work_of(record, parts.member), GENERATION
                            )
                for tp in list(left):
                    # Compared with the position: markers of transactions may stand at the end.
                    if await consumer.position(tp) >= left[tp]:
                        del left[tp]
                        consumer.pause(tp)
        while parts.member.pending:  # noqa: ASYNC110 - the member has no event for it
            await asyncio.sleep(LOOK_EVERY)

    def _work_of(self, record: ConsumerRecord, member: Member) -> Work:
        return Work(
            source=member.source_of(record.topic, record.partition, record.offset),
            key=record.key,
            value=record.value,
            timestamp=record.timestamp,
            headers=[*without_run(record.headers), (RUN, self.plan.run.encode())],
        )

    def _background(self, parts: Parts) -> Iterator[Coroutine[Any, Any, None]]:
        yield _every(self.settings.lease / 10, parts.lease.renew)
        yield _every(LOOK_EVERY, lambda: self._look(parts))
        yield parts.budget_watch.run()
        yield self._housekeep(parts)

    def _look(self, parts: Parts) -> None:
        if (complaint := parts.watchdog.complaint()) is not None:
            parts.fail(complaint)
        spans = self.plan.within
        passed = [
            min(len(spans[place]), max(0, committed - spans[place].start))
            for place, committed in parts.member.standing().items()
        ]
        if passed:
            self.tell(sum(passed), self.plan.events)

    async def _housekeep(self, parts: Parts) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_EVERY)
            await parts.member.housekeeping()


async def _every(seconds: float, act: Callable[[], object]) -> None:
    while True:
        act()
        await asyncio.sleep(seconds)
