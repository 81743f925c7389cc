"""When a partition commits: at once when idle, in larger transactions under load. No Kafka."""

import asyncio
from collections import deque
from collections.abc import Iterable
from itertools import pairwise

from aiokafka import TopicPartition

from streams.classify.triage import Lane
from streams.delivery.partition import COMMIT_EVERY, COMMIT_EVERY_LOADED
from streams.delivery.records import Record
from streams.events.model import Ticket
from tests.claude.virtual_time import now, run
from tests.delivery.events import classification, work
from tests.delivery.own_partition import opened

STEP = 0.01
TICKET = Ticket("t1", "hello")


class Producer:
    """Notes when each transaction began."""

    def __init__(self) -> None:
        self.began: list[float] = []

    async def commit(
        self, records: Iterable[Record], source: TopicPartition, offset: int | None
    ) -> dict[TopicPartition, int]:
        self.began.append(now())
        return {}

    async def stop(self) -> None: ...


async def gaps(results: int, *, waiting: bool) -> tuple[float, list[float]]:
    """Seconds until the first transaction, and between all; a result comes each STEP."""
    producer = Producer()
    partition = await opened(producer)
    if waiting:
        partition.waiting[Lane("first", 25)] = deque([work(10_000)])
    began = now()
    for offset in range(results):
        item = work(offset, ticket=TICKET)
        partition.already_known(item)
        partition.finish(item, classification())
        await asyncio.sleep(STEP)
    await partition.flush()
    await partition.close()
    return producer.began[0] - began, [b - a for a, b in pairwise(producer.began)]


def test_idle_a_result_is_committed_at_once_and_the_next_soon_after() -> None:
    first, between = run(lambda: gaps(20, waiting=False))
    assert first < STEP
    assert all(COMMIT_EVERY - 1e-9 <= gap <= COMMIT_EVERY + STEP for gap in between)


def test_while_tickets_wait_for_a_slot_transactions_are_fewer_and_larger() -> None:
    _, between = run(lambda: gaps(50, waiting=True))
    assert len(between) <= 50 * STEP / COMMIT_EVERY_LOADED
    assert all(COMMIT_EVERY_LOADED - 1e-9 <= gap <= COMMIT_EVERY_LOADED + STEP for gap in between)
