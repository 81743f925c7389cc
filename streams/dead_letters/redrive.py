"""Redrives dead letters: each exactly once, however often it is interrupted and run again.

A transaction holds some events and the rows that mark their letters (marks.py). The transactional
id is one for the installation: who starts fences whoever ran before, and then reads the marks, so
nothing that an earlier run may still commit is missed.
"""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaProducer, ConsumerRecord

from streams.access.connection import client_arguments
from streams.audit.snapshot import Snapshot, open_snapshot
from streams.dead_letters import marks
from streams.dead_letters.event import event_of
from streams.dead_letters.plan import Order, Plan
from streams.delivery.records import Record
from streams.delivery.size import size_of
from streams.delivery.transaction import COMMIT_TIMEOUT, TRANSACTION_TIMEOUT_MS
from streams.settings import Settings

BATCH_LETTERS = 200
BATCH_BYTES = 256 * 1024
LEAST_REQUEST = 2**20
"""Bytes; aiokafka's own default."""


class Redriver:
    """Carries a plan out. ``redriven`` counts letters whose transaction is committed."""

    def __init__(
        self, settings: Settings, order: Order, plan: Plan, tell: Callable[[int], object]
    ) -> None:
        self.redriven = 0
        self.stop = asyncio.Event()
        """Set it to end after the transaction under way."""
        self._bootstrap = settings.kafka
        self._order = order
        self._plan = plan
        self._tell = tell
        self._marks_topic = marks.topic_of(settings)
        # Half of max.message.bytes, which is about batches: the frame of each record comes on top.
        self._room = min((BATCH_BYTES, *(room // 2 for room in plan.rooms.values())))
        self._batch: list[Record] = []
        self._letters = self._bytes = 0
        self._producer = AIOKafkaProducer(
            **client_arguments(self._bootstrap),
            transactional_id=f"{settings.app_id}-redrive",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            linger_ms=5,
            max_request_size=max((LEAST_REQUEST, *plan.rooms.values())),
        )

    async def run(self) -> None:
        """Redrive everything planned that is not marked by now. Raises KafkaError, TimeoutError."""
        await marks.create_topic(self._bootstrap, self._marks_topic)
        try:
            # From here on no earlier run can commit anything.
            await self._producer.start()
            async with open_snapshot(self._bootstrap) as snapshot:
                await self._run(snapshot)
        finally:
            await self._producer.stop()

    async def _run(self, snapshot: Snapshot) -> None:
        again = self._order.again
        marked = {} if again else await marks.read_marks(snapshot, self._marks_topic)
        starts, ends = self._plan.offsets(self._order.topic)
        async for record in snapshot.read(ends, starts):
            to = self._plan.targets.get((record.partition, record.offset))
            if to is not None and not marks.is_marked(record, marked):
                await self._add(record, to)
            if self.stop.is_set():
                return
        await self._commit()

    async def _add(self, letter: ConsumerRecord, to: str) -> None:
        event = event_of(letter, to, self._plan.partitions[to])
        size = size_of(event.key, event.value, event.headers)
        if self._letters == BATCH_LETTERS or self._bytes + size > self._room:
            await self._commit()
        self._batch += [event, marks.mark(self._marks_topic, letter, to)]
        self._letters += 1
        self._bytes += size

    async def _commit(self) -> None:
        if self._letters:
            # After a failure the outcome is unknown: the next run's fence ends the transaction.
            async with asyncio.timeout(COMMIT_TIMEOUT):
                await self._producer.begin_transaction()
                sent = [await self._send(record) for record in self._batch]
                await asyncio.gather(*sent)
                await self._producer.commit_transaction()
            self.redriven += self._letters
            self._tell(self._letters)
            self._batch, self._letters, self._bytes = [], 0, 0

    async def _send(self, record: Record) -> "asyncio.Future[object]":
        future: asyncio.Future[object] = await self._producer.send(
            record.topic,
            record.value,
            key=record.key,
            partition=record.partition,
            headers=list(record.headers),
        )
        return future
