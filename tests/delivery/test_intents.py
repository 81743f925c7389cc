"""What is known of a call before it is made: written, read by the next owner, closed, deleted."""

import asyncio
from typing import Any
from unittest.mock import patch

import pytest
from aiokafka.errors import KafkaConnectionError

from streams.audit.snapshot import read_topic
from streams.audit.topic_admin import create, open_admin
from streams.delivery.intents import InFlight, IntentLog, Intents
from streams.delivery.records import booked
from streams.events.model import ABANDONED, CallRecord, Share
from streams.events.topics import TopicSpec
from streams.events.wire import decode_call, encode_call
from tests.delivery.events import TOPICS


def intent(call_id: str = "c1", partition: int = 3) -> CallRecord:
    share = Share(41, "unknown", 0, 0, 0, ABANDONED)
    return CallRecord(
        call_id, 1, 1, "first", "m", "m", "v1", 1, ABANDONED, None, None,
        0, 0, 0, 0, 0, 0, 77, "tickets", partition, (share,),
    )  # fmt: skip


# The log


def test_what_nothing_closes_is_open() -> None:
    found = IntentLog()
    for name in ("a", "b", "c"):
        found.take(name.encode(), encode_call(intent(name)))
    found.take(b"b", None)
    assert found.open() == [intent("a"), intent("c")]


def test_an_intent_that_comes_again_after_the_record_that_closes_it_is_closed() -> None:
    found = IntentLog()
    found.take(b"a", encode_call(intent("a")))
    found.take(b"a", None)
    found.take(b"a", encode_call(intent("a")))
    assert found.open() == []


def test_a_booked_call_closes_its_intent_in_the_same_partition() -> None:
    record, close = booked(intent(), TOPICS)
    assert (record.topic, record.partition, record.key) == (TOPICS.calls, 3, b"c1")
    assert record.value is not None
    assert decode_call(record.value) == intent()
    assert (close.topic, close.partition, close.key, close.value) == (
        TOPICS.intents,
        3,
        b"c1",
        None,
    )


# What may be deleted


def test_records_go_when_every_call_begun_by_then_is_booked() -> None:
    calls = InFlight()
    calls.begin("slow")
    calls.begin("quick")
    calls.commit(["quick"], 3)
    assert calls.trimmable() is None, "one is still in flight"
    calls.commit(["slow"], 5)
    assert [calls.trimmable(), calls.trimmable()] == [5, None]


def test_a_call_begun_after_a_commit_does_not_keep_what_is_before_it() -> None:
    calls = InFlight()
    calls.begin("first")
    calls.commit(["first"], 2)
    calls.begin("second")
    assert calls.trimmable() == 2


def test_a_commit_without_calls_moves_nothing() -> None:
    calls = InFlight()
    calls.commit([], None)
    assert calls.trimmable() is None


def test_the_call_of_an_owner_before_is_closed_like_any_other() -> None:
    calls = InFlight()
    calls.commit(["not ours"], 9)
    assert calls.trimmable() == 9


# Writing


@pytest.mark.kafka
async def test_an_intent_is_in_its_partition_before_its_call_is_made(
    kafka: str, namespace: str
) -> None:
    async with open_admin(kafka) as admin:
        await create(admin, [TopicSpec(namespace, True, {})], 4)
    intents = Intents(kafka, namespace)
    await intents.open()
    calls = [intent(f"c{n}", n % 4) for n in range(40)]
    await asyncio.gather(*(intents.write(call) for call in calls))
    found = [record async for record in read_topic(kafka, namespace)]
    await intents.close()
    assert {record.key.decode(): record.partition for record in found} == {
        call.call_id: call.source_partition for call in calls
    }
    assert {decode_call(record.value).call_id for record in found} == {c.call_id for c in calls}


class Producer:
    """The first ones take nothing, as many as ``broken``."""

    broken = 0
    made: list["Producer"]

    def __init__(self, **options: Any) -> None:
        assert options["acks"] == "all"
        self.fails = len(self.made) < self.broken
        self.made.append(self)
        self.stopped = False
        self.taken: list[bytes] = []
        self.client = None

    async def start(self) -> None: ...

    async def stop(self) -> None:
        self.stopped = True

    def create_batch(self) -> "Batch":
        return Batch()

    async def send_batch(self, batch: "Batch", topic: str, *, partition: int) -> Any:
        assert (topic, partition) == (TOPICS.intents, 3)
        await asyncio.sleep(0)
        if self.fails:
            raise KafkaConnectionError
        self.taken += batch.keys
        acknowledged = asyncio.get_running_loop().create_future()
        acknowledged.set_result(None)
        return acknowledged


class Batch:
    """What aiokafka's BatchBuilder does for us."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []

    def append(self, **fields: Any) -> object:
        self.keys.append(fields["key"])
        return fields

    def close(self) -> None: ...


async def test_no_call_is_let_through_before_its_intent_is_taken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing(Producer):
        broken = 3
        made: list[Producer] = []  # noqa: RUF012

    with (
        patch("streams.delivery.intents.AIOKafkaProducer", Failing),
        patch("streams.delivery.intents.RETRY_SECONDS", 0.001),
    ):
        intents = Intents("", TOPICS.intents)
        await intents.open()
        await intents.write(intent())
        await intents.close()
    assert [producer.taken for producer in Failing.made] == [[], [], [], [b"c1"]]
    assert all(producer.stopped for producer in Failing.made)
    assert len(caplog.records) == 1, "an outage is one line"


async def test_calls_that_fail_together_share_the_next_connection() -> None:
    class Failing(Producer):
        broken = 1
        made: list[Producer] = []  # noqa: RUF012

    with (
        patch("streams.delivery.intents.AIOKafkaProducer", Failing),
        patch("streams.delivery.intents.RETRY_SECONDS", 0.001),
    ):
        intents = Intents("", TOPICS.intents)
        await intents.open()
        await asyncio.gather(*(intents.write(intent(f"c{n}")) for n in range(5)))
        await intents.close()
    assert len(Failing.made) == 2
    assert sorted(Failing.made[1].taken) == [b"c0", b"c1", b"c2", b"c3", b"c4"]
