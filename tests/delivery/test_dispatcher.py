"""Who is classified next."""

import asyncio
from collections import deque
from typing import Any

import pytest

from streams.delivery.dispatcher import Dispatcher
from streams.delivery.partition import Uncommitted
from streams.delivery.work import Work
from tests.delivery.events import work


class Partition:
    """What the dispatcher needs of a partition."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.waiting: deque[Work] = deque()
        self.calls: set[asyncio.Task[None]] = set()


class Scene:
    """A dispatcher whose calls end when told."""

    def __init__(self, slots: int) -> None:
        self.began: list[tuple[int, int]] = []
        self.ends: dict[tuple[int, int], asyncio.Event] = {}
        self.running = self.most = 0
        self.complaints: list[str] = []
        self.error: Exception | None = None
        self.uncommitted = Uncommitted()
        self.dispatcher = Dispatcher(slots, self._run, self.uncommitted, self.complaints.append)

    async def _run(self, partition: Any, item: Work) -> None:
        ticket = (partition.number, item.source.offset)
        self.began.append(ticket)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.ends.setdefault(ticket, asyncio.Event()).wait()
            if self.error:
                raise self.error
        finally:
            self.running -= 1

    def submit(self, partition: Any, offset: int) -> None:
        self.dispatcher.submit(partition, work(offset, partition=partition.number))

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def end(self, ticket: tuple[int, int]) -> None:
        self.ends[ticket].set()
        await self.settle()


async def test_a_free_slot_takes_what_waits_at_once_and_no_more_than_there_are() -> None:
    scene, partition = Scene(2), Partition(0)
    for offset in range(5):
        scene.submit(partition, offset)
    await scene.settle()
    assert scene.began == [(0, 0), (0, 1)]
    assert scene.dispatcher.busy == 2
    await scene.end((0, 1))
    assert scene.began[2:] == [(0, 2)]
    for offset in (0, 2, 3, 4):
        await scene.end((0, offset))
    assert scene.began == [(0, offset) for offset in range(5)]
    assert (scene.most, scene.dispatcher.busy, partition.calls) == (2, 0, set())


async def test_partitions_take_turns() -> None:
    scene, partitions = Scene(1), [Partition(n) for n in range(3)]
    for offset in range(3):
        for _ in range(2):  # the first has twice as much
            scene.submit(partitions[0], 10 * offset + _)
    for partition in partitions[1:]:
        for offset in range(2):
            scene.submit(partition, offset)
    order: list[tuple[int, int]] = []
    await scene.settle()
    while len(order) < len(scene.began):
        order.append(scene.began[-1])
        await scene.end(scene.began[-1])
    assert [number for number, _ in order] == [0, 0, 1, 2, 0, 1, 2, 0, 0, 0]
    for number in range(3):
        offsets = [offset for n, offset in order if n == number]
        assert offsets == sorted(offsets)


async def test_what_waits_is_forgotten_when_the_partitions_are_given_up() -> None:
    scene, partition = Scene(1), Partition(0)
    for offset in range(4):
        scene.submit(partition, offset)
    await scene.settle()
    scene.dispatcher.clear()
    assert not partition.waiting
    await scene.end((0, 0))
    assert scene.began == [(0, 0)]
    scene.submit(partition, 9)
    await scene.settle()
    assert scene.began == [(0, 0), (0, 9)]
    await scene.end((0, 9))


async def test_a_cancelled_call_gives_its_slot_back_and_is_no_complaint() -> None:
    scene, old, new = Scene(1), Partition(0), Partition(1)
    scene.submit(old, 0)
    await scene.settle()
    scene.submit(new, 0)
    for task in old.calls:
        task.cancel()
    await scene.settle()
    assert scene.began == [(0, 0), (1, 0)]
    assert scene.complaints == []
    await scene.end((1, 0))


async def test_a_ticket_that_is_left_without_a_result_is_told_and_not_quoted() -> None:
    scene, partition = Scene(1), Partition(0)
    scene.error = ValueError("the ticket's text")
    scene.submit(partition, 0)
    await scene.settle()
    await scene.end((0, 0))
    [complaint] = scene.complaints
    assert "ValueError" in complaint
    assert "the ticket's text" not in complaint
    assert scene.dispatcher.busy == 0


async def test_nothing_begins_while_too_much_is_paid_and_not_committed() -> None:
    scene, partition = Scene(2), Partition(0)
    scene.uncommitted.calls = 3
    scene.submit(partition, 0)
    await scene.settle()
    assert scene.began == []
    scene.uncommitted.calls = 2
    scene.dispatcher.fill()
    await scene.settle()
    assert scene.began == [(0, 0)]
    await scene.end((0, 0))


@pytest.mark.parametrize("slots", [1, 3, 200])
async def test_every_ticket_is_run_once(slots: int) -> None:
    seen: list[tuple[int, int]] = []

    async def run(partition: Any, item: Work) -> None:
        seen.append((partition.number, item.source.offset))
        for _ in range(item.source.offset % 4):
            await asyncio.sleep(0)

    dispatcher = Dispatcher(slots, run, Uncommitted())
    partitions = [Partition(n) for n in range(4)]
    for offset in range(100):
        for partition in partitions:
            item = work(offset, partition=partition.number)
            dispatcher.submit(partition, item)  # type: ignore[arg-type]
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        while dispatcher.busy:  # noqa: ASYNC110 (it has no event for it)
            await asyncio.sleep(0)
    assert sorted(seen) == [(n, offset) for n in range(4) for offset in range(100)]
