"""One life of a worker: it fences, restores, opens its partition, and takes events in hand."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from functools import cache
from typing import Any

from streams.delivery.outbox import Books
from streams.delivery.partition import SourcePartition
from streams.delivery.restore import restore
from streams.delivery.tables import BookTable
from streams.delivery.work import Work
from streams.settings import Settings
from tests.delivery.events import TOPICS
from tests.delivery.model.fake_kafka import FakeIntents, FakeKafka, FakeProducer
from tests.delivery.model.reader import PARTITION, RowKey
from tests.delivery.own_partition import books, new_partition

SETTINGS = Settings(window_retention_hours=1, hour_retention_days=1)


@cache
def shared_books() -> Books:
    """Of all lives: opening a partition drops what an earlier one left in the tables."""
    return books(settings=SETTINGS)


class Worker:
    """``waiting`` has no call slot yet, ``asked`` has one; ``begun`` are the ids of the calls in
    flight, by the offset of their first ticket.

    ``taken`` are the offsets it has read, ``calls`` the ids of the calls it has begun.
    """

    def __init__(self) -> None:
        self.books = shared_books()
        self.uncommitted: Counter[SourcePartition] = Counter()
        self.waiting: deque[Work] = deque()
        self.asked: dict[int, Work] = {}
        self.begun: dict[int, str] = {}
        self.failures: list[BaseException] = []
        self.position = 0
        self.taken: set[int] = set()
        self.calls: set[str] = set()
        self.partition: SourcePartition
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self, kafka: FakeKafka, *, arrived: bool) -> None:
        """Fence the owner before this one, whose last commit may have ``arrived``; then restore."""
        producer: Any = FakeProducer(kafka, arrived=arrived)
        intents: Any = FakeIntents(kafka)
        self.partition = new_partition(
            producer,
            books=self.books,
            intents=intents,
            uncommitted=self.uncommitted,
            on_failure=self.failures.append,
        )
        restored = await restore("", TOPICS, [PARTITION])
        before = asyncio.all_tasks()
        self.position = kafka.committed
        await self.partition.open(kafka.committed, restored[PARTITION])
        self._tasks = asyncio.all_tasks() - before

    def receive(self, work: Work) -> None:
        """As Member.receive does."""
        self.taken.add(work.source.offset)
        if not self.partition.already_known(work):
            self.waiting.append(work)

    def kill(self) -> None:
        """Nothing of it runs from here on; what Kafka has of it stays as it is."""
        for task in self._tasks:
            task.cancel()

    async def give_up(self, *, flush: bool) -> None:
        """As Member.give_up does; without ``flush`` its time is up at once."""
        if flush:
            await _within(5.0, self.partition.flush)
        await self.partition.close()

    def rows(self, table: BookTable) -> dict[RowKey, Any]:
        """What the table shows, by key, start and size of the window."""
        found = {row_key for keys in table.windows() for row_key in keys}
        return {
            (key, start, round(end - start)): table.data.data[key, (start, end)]
            for key, (start, end) in found
        }


async def _within(seconds: float, wait: Callable[[], Any]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wait()
    except TimeoutError:
        pass
