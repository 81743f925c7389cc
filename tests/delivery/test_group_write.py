"""Records that come together share a request; each writer hears of its own."""

import asyncio
from collections import deque
from typing import Any

import pytest

from streams.delivery.group_write import GroupWriter
from streams.delivery.records import Record


class Batch(list[bytes]):
    """What aiokafka's BatchBuilder does for us."""

    def append(self, **fields: Any) -> object:  # type: ignore[override]
        super().append(fields["key"])
        return fields

    def close(self) -> None: ...


class Producer:
    """Its batches are acknowledged by hand."""

    def __init__(self) -> None:
        self.sent: deque[tuple[int, Batch, asyncio.Future[None]]] = deque()
        self.came = asyncio.Event()

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, _: str, *, partition: int) -> asyncio.Future[None]:
        acknowledged = asyncio.get_running_loop().create_future()
        self.sent.append((partition, batch, acknowledged))
        self.came.set()
        return acknowledged

    async def next(self) -> tuple[int, Batch, "asyncio.Future[None]"]:
        while not self.sent:
            self.came.clear()
            await self.came.wait()
        return self.sent.popleft()


def write(writer: GroupWriter, key: bytes, partition: int = 0) -> "asyncio.Task[None]":
    return asyncio.create_task(writer.write(Record("t", partition, key, b"v")))


async def test_what_comes_in_one_go_is_one_batch_of_its_partition() -> None:
    producer: Any = Producer()
    writer = GroupWriter(producer)
    tasks = [write(writer, b"a"), write(writer, b"b", 1), write(writer, b"c")]
    found = [await producer.next(), await producer.next()]
    assert [(partition, batch) for partition, batch, _ in found] == [(0, [b"a", b"c"]), (1, [b"b"])]
    for _, _, acknowledged in found:
        acknowledged.set_result(None)
    await asyncio.gather(*tasks)


async def test_nobody_returns_before_his_own_partition_has_answered() -> None:
    producer: Any = Producer()
    writer = GroupWriter(producer)
    slow, quick = write(writer, b"a"), write(writer, b"b", 1)
    _, (_, _, second) = await producer.next(), await producer.next()
    second.set_result(None)
    await quick
    assert not slow.done()
    slow.cancel()


async def test_a_partition_s_next_batch_waits_for_its_last() -> None:
    producer: Any = Producer()
    writer = GroupWriter(producer)
    first = write(writer, b"a")
    _, _, acknowledged = await producer.next()
    later = [write(writer, b"b"), write(writer, b"c")]
    other = write(writer, b"d", 1)
    partition, batch, second = await producer.next()
    assert (partition, batch) == (1, [b"d"]), "another one's goes on"
    assert not producer.sent
    for done in (acknowledged, second):
        done.set_result(None)
    await asyncio.gather(first, other)
    _, batch, last = await producer.next()
    assert batch == [b"b", b"c"]
    last.set_result(None)
    await asyncio.gather(*later)


async def test_a_failure_is_told_to_all_who_shared_the_batch_and_to_no_other() -> None:
    producer: Any = Producer()
    writer = GroupWriter(producer)
    tasks = [write(writer, b"a"), write(writer, b"b")]
    (await producer.next())[2].set_exception(ValueError())
    assert [type(e) for e in await asyncio.gather(*tasks, return_exceptions=True)] == 2 * [
        ValueError
    ]
    later = write(writer, b"c")
    (await producer.next())[2].set_result(None)
    await later


async def test_one_writer_that_gives_up_takes_nobody_with_it() -> None:
    producer: Any = Producer()
    writer = GroupWriter(producer)
    gone, stays = write(writer, b"a"), write(writer, b"b")
    _, batch, acknowledged = await producer.next()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    acknowledged.set_result(None)
    await stays
    assert batch == [b"a", b"b"]


async def test_a_record_that_comes_alone_does_not_wait() -> None:
    producer: Any = Producer()
    writer = GroupWriter(producer)
    loop = asyncio.get_running_loop()
    timers = []
    loop.call_at, call_at = lambda at, call: timers.append(at) or call_at(at, call), loop.call_at  # type: ignore
    began = loop.time()
    alone = write(writer, b"a")
    (await producer.next())[2].set_result(None)
    await alone
    assert timers[0] <= loop.time()
    assert timers[0] - began < 0.005
    loop.call_at = call_at  # type: ignore[method-assign]
