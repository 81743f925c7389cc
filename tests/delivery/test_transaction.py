"""A transaction that fails says so once, and none fails for a broker that is soon back."""

import asyncio
import gc
import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import ProducerFenced

from streams.delivery.records import Record
from streams.delivery.source_topic import RecreatedError
from streams.delivery.transaction import TRANSACTION_TIMEOUT_MS, PartitionProducer


class Fenced:
    """aiokafka's producer, which takes batches and sends none of them."""

    def __init__(self, real: AIOKafkaProducer) -> None:
        self.create_batch = real.create_batch

    async def begin_transaction(self) -> None: ...

    async def send_batch(self, *_: object, **__: object) -> asyncio.Future[object]:
        sent: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        sent.set_exception(ProducerFenced())
        return sent


class Source:
    """The topic is the same as ever."""

    id = ""

    def __init__(self) -> None:
        self.client = AIOKafkaClient(bootstrap_servers="127.0.0.1:1")

    async def confirm(self) -> None: ...


async def test_the_batches_it_leaves_behind_are_not_logged_one_by_one() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    source: Any = Source()
    producer = PartitionProducer("127.0.0.1:1", "t-0", "t", source)
    fenced: Any = Fenced(producer._producer)
    producer._producer = fenced
    records = [Record("out", number, b"k", b"v") for number in range(3)]
    with pytest.raises(ProducerFenced):
        await producer.commit(records, TopicPartition("in", 0), None)
    gc.collect()
    assert not complaints


async def test_nothing_is_committed_where_the_source_is_found_to_be_another_topic() -> None:
    begun = asyncio.Event()

    class Another(Source):
        async def confirm(self) -> None:
            await begun.wait()
            raise RecreatedError

    class Slow(Fenced):
        """Its batches are on the way for ever."""

        async def begin_transaction(self) -> None:
            begun.set()

        async def send_batch(self, *_: object, **__: object) -> asyncio.Future[object]:
            return asyncio.get_running_loop().create_future()

        async def commit_transaction(self) -> None:
            pytest.fail("committed")

    source: Any = Another()
    producer = PartitionProducer("127.0.0.1:1", "t-0", "t", source)
    slow: Any = Slow(producer._producer)
    producer._producer = slow
    with pytest.raises(RecreatedError):
        await producer.commit([Record("out", 0, b"k", b"v")], TopicPartition("in", 0), None)


async def test_a_batch_waits_for_a_leader_nearly_as_long_as_the_transaction_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source: Any = Source()
    producer = PartitionProducer("127.0.0.1:1", "t-0", "t", source)
    accumulator: Any = producer._producer._message_accumulator
    accumulator._txn_manager = None
    await accumulator.add_batch(producer._producer.create_batch(), TopicPartition("out", 0), 1.0)
    [[batch]] = accumulator._batches.values()
    now, lasts = time.monotonic(), TRANSACTION_TIMEOUT_MS / 1000
    monkeypatch.setattr("aiokafka.producer.message_accumulator.time.monotonic", lambda: now + 20)
    assert not batch.expired()  # aiokafka would have given it up after 10 s
    monkeypatch.setattr("aiokafka.producer.message_accumulator.time.monotonic", lambda: now + lasts)
    assert batch.expired()


async def test_who_is_cancelled_while_forerunners_are_committed_waits_for_their_commit() -> None:
    begun, goes_on, did = asyncio.Event(), asyncio.Event(), list[str]()

    class Slow(Fenced):
        """Takes its time to commit."""

        _txn_manager = SimpleNamespace(maybe_add_partition_to_txn=lambda _: None)

        async def commit_transaction(self) -> None:
            begun.set()
            await goes_on.wait()
            did.append("committed")

    source: Any = Source()
    producer = PartitionProducer("127.0.0.1:1", "t-0", "t", source)
    slow: Any = Slow(producer._producer)
    producer._producer = slow
    here = TopicPartition("out", 0)
    task = asyncio.create_task(producer.complete([here], TopicPartition("in", 0), None))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0.05)
    assert not task.done()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert did == ["committed"]
