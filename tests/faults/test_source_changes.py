"""The input topic changes under the worker: made again, wider, reset by an operator, compacted."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic

from streams.audit.snapshot import read_topic
from streams.delivery.last_resort import EXIT_FAILED
from streams.events.wire import decode_routed
from tests.faults.test_worker_killed import answered_calls_by_ticket
from tests.stack import Event, Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(240)]


def events(ids: Iterable[str]) -> Iterator[Event]:
    """A ticket for each id, of one of five customers."""
    for number, name in enumerate(ids):
        text = f"I was charged twice, invoice {name}"
        yield f"k{number % 5}".encode(), json.dumps({"id": name, "text": text}).encode()


def named(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{n}" for n in range(count)]


async def out(stack: Stack) -> Counter[str]:
    """How often each ticket is out, by its id, as a read_committed consumer sees it."""
    found: Counter[str] = Counter()
    for topic in (*stack.topics.categories.values(), stack.topics.dead_letter):
        async for record in read_topic(stack.settings.bootstrap_servers, topic):
            if topic == stack.topics.dead_letter:
                found[json.loads(record.value)["id"]] += 1
            else:
                found[decode_routed(record.value).ticket.id] += 1
    return found


async def until_out(stack: Stack, expected: dict[str, int], timeout: float = 60) -> None:
    """Wait until as many are out; then exactly those must be, each as often."""
    deadline = time.monotonic() + timeout
    while sum((found := await out(stack)).values()) < sum(expected.values()):
        assert time.monotonic() < deadline, f"{Counter(expected) - found}\n{stack.logs()}"
    assert found == expected, stack.logs()


@cache
def admin_for(bootstrap: str) -> AdminClient:
    """Kept: what it was asked is never answered once it is gone."""
    return AdminClient({"bootstrap.servers": bootstrap})


def admin_of(stack: Stack) -> AdminClient:
    return admin_for(stack.settings.bootstrap_servers)


def group_offsets(stack: Stack) -> list[TopicPartition]:
    asked = [ConsumerGroupTopicPartitions(stack.settings.app_id)]
    [future] = admin_of(stack).list_consumer_group_offsets(asked).values()
    found = future.result(20).topic_partitions
    return [tp for tp in found if tp.topic == stack.topics.input]


async def with_metadata(stack: Stack) -> TopicPartition:
    """One of the offsets. Confluent's client reads beyond the end of the metadata, so ours asks."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.settings.bootstrap_servers)
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(stack.settings.app_id)
    finally:
        await admin.close()
    (topic, number), told = next(item for item in found.items() if item[1].metadata)
    return TopicPartition(topic, number, told.offset, told.metadata)


def committed(stack: Stack) -> dict[int, int]:
    return {tp.partition: tp.offset for tp in group_offsets(stack)}


def reset(stack: Stack, offsets: dict[int, int]) -> None:
    """As kafka-consumer-groups --reset-offsets does, while the group is stopped."""
    put(stack, [TopicPartition(stack.topics.input, number, at) for number, at in offsets.items()])


def put(stack: Stack, to: list[TopicPartition]) -> None:
    """Once the group is empty: one that was killed has its session to the end."""
    deadline = time.monotonic() + 30
    while not put_now(stack, to):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def put_now(stack: Stack, to: list[TopicPartition]) -> bool:
    asked = [ConsumerGroupTopicPartitions(stack.settings.app_id, to)]
    [future] = admin_of(stack).alter_consumer_group_offsets(asked).values()
    if future.exception(20) is not None:
        return False
    return all(tp.error is None for tp in future.result().topic_partitions)


def delete(stack: Stack) -> None:
    for future in admin_of(stack).delete_topics([stack.topics.input]).values():
        future.result(20)


def create(stack: Stack, partitions: int, **config: str) -> None:
    """Retries while the broker still deletes the old one."""
    admin = admin_of(stack)

    def made() -> bool:
        topic = NewTopic(stack.topics.input, partitions, 1, config=config)
        [future] = admin.create_topics([topic]).values()
        return future.exception(20) is None

    stack.until("the topic is there", made)


async def test_a_topic_made_again_while_no_worker_ran_is_another_topic(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.01}) as stack:
        await stack.create_topics(partitions=2)
        old, new = named("old", 60), named("new", 90)
        await stack.send(events(old))
        worker = stack.worker()
        await until_out(stack, dict.fromkeys(old, 1))
        assert worker.stop() == 0, stack.logs()

        late = await with_metadata(stack)
        assert late.metadata
        delete(stack)
        create(stack, partitions=2)
        # Kafka drops the offsets of a deleted topic; a worker that was late has put one back.
        put(stack, [late])
        await stack.send(events(new))
        worker = stack.worker()
        await until_out(stack, dict.fromkeys([*old, *new], 1))
        assert worker.stop() == 0, stack.logs()
        assert sum(committed(stack).values()) == len(new)


@pytest.mark.parametrize("busy", [False, True])
async def test_a_topic_made_again_under_a_worker_is_read_from_its_beginning(
    kafka: str, namespace: str, tmp_path: Path, busy: bool
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.1}, max_calls=5) as stack:
        await stack.create_topics(partitions=2)
        old, new = named("old", 80), named("new", 200)
        await stack.send(events(old))
        worker = stack.worker()
        if busy:
            stack.until("it calls", lambda: stack.calls() > 20)
        else:
            await until_out(stack, dict.fromkeys(old, 1))
        delete(stack)
        create(stack, partitions=2)
        await stack.send(events(new))  # more than were in the old one: its position is in range
        deadline = time.monotonic() + 90
        while not set(await out(stack)) >= set(new):
            assert time.monotonic() < deadline, stack.logs()
            if not worker.alive:
                assert worker.exit_code in (1, EXIT_FAILED), stack.logs()
                worker = stack.worker()
        assert worker.stop() == 0, stack.logs()
        found = await out(stack)
        assert set(found.values()) == {1}
        if not busy:
            assert set(found) == {*old, *new}
        assert sum(committed(stack).values()) == len(new)


@pytest.mark.parametrize("running", [True, False])
async def test_partitions_that_are_added_are_read_to_the_last_ticket(
    kafka: str, namespace: str, tmp_path: Path, running: bool
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.01}) as stack:
        await stack.create_topics(partitions=2)
        await stack.send_samples(100, seed=1)
        worker = stack.worker()
        await stack.until_finished(100)
        if not running:
            assert worker.stop() == 0, stack.logs()
        wider = [NewPartitions(stack.topics.input, 5)]
        for future in admin_of(stack).create_partitions(wider).values():
            future.result(20)
        await stack.send_samples(200, seed=2)
        if not running:
            worker = stack.worker()
        report = await stack.until_finished(300)
        assert worker.stop() == 0, stack.logs()
        assert (report.tickets, report.lost, report.duplicates) == (300, 0, 0)
        assert len(committed(stack)) == 5
        assert await stack.broken_promises(strict=True) == []


async def test_a_reset_backwards_has_exactly_those_tickets_done_again(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    faults: dict[str, object] = {"latency": 0.1, "latency_sigma": 1.0}
    with running_stack(kafka, namespace, tmp_path, faults, max_calls=10) as stack:
        await stack.create_topics(partitions=1)
        names = named("t", 300)
        await stack.send(events(names))
        first = stack.worker()
        stack.until("it has committed", lambda: committed(stack).get(0, 0) > 40)
        first.kill()
        at = committed(stack)[0]
        done = set(await answered_calls_by_ticket(stack))
        assert max(done)[1] > at, "nothing is done ahead of the committed offset"

        reset(stack, {0: at - 30})
        second = stack.worker()
        again = 5  # and in the middle of it, it dies
        stack.until("it does them again", lambda: committed(stack)[0] >= at - 30 + again)
        second.kill()
        third = stack.worker()
        expected = {name: 2 if at - 30 <= n < at else 1 for n, name in enumerate(names)}
        await until_out(stack, expected)
        assert third.stop() == 0, stack.logs()
        calls = await answered_calls_by_ticket(stack)
        assert calls == {(0, n): expected[name] for n, name in enumerate(names)}
        assert committed(stack) == {0: len(names)}


async def test_a_reset_of_all_that_is_done_and_trimmed_does_all_again_and_once(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.01}) as stack:
        await stack.create_topics(partitions=2)
        names = named("t", 60)
        await stack.send(events(names))
        for times in (1, 2):
            worker = stack.worker()
            await until_out(stack, dict.fromkeys(names, times))
            assert worker.stop() == 0, stack.logs()
            reset(stack, {0: 0, 1: 0})


async def test_a_reset_forwards_skips(kafka: str, namespace: str, tmp_path: Path) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.01}) as stack:
        await stack.create_topics(partitions=1)
        names = named("t", 60)
        await stack.send(events(names[:20]))
        worker = stack.worker()
        await until_out(stack, dict.fromkeys(names[:20], 1))
        assert worker.stop() == 0, stack.logs()
        await stack.send(events(names[20:]))
        reset(stack, {0: 45})
        worker = stack.worker()
        await until_out(stack, dict.fromkeys([*names[:20], *names[45:]], 1))
        assert worker.stop() == 0, stack.logs()
        assert committed(stack) == {0: 60}


async def test_in_a_compacted_topic_progress_neither_sticks_nor_jumps(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    faults: dict[str, object] = {"latency": 0.1, "latency_sigma": 1.0}
    with running_stack(kafka, namespace, tmp_path, faults, max_calls=10) as stack:
        create(
            stack,
            partitions=1,
            **{
                "cleanup.policy": "compact",
                "segment.ms": "200",
                "min.cleanable.dirty.ratio": "0.01",
                "max.compaction.lag.ms": "200",
            },
        )
        await stack.create_topics()
        written = [
            (f"key-{n % 40}".encode(), value)
            for n, (_, value) in enumerate(events(named("t", 400)))
        ]
        await stack.send(written[:300])
        time.sleep(1)  # the segment is closed by the next record after its time
        await stack.send(written[300:])
        left: list[str] = []
        deadline = time.monotonic() + 60
        while not 0 < len(left) < 300:
            assert time.monotonic() < deadline, "the broker has not compacted"
            left = [json.loads(r.value)["id"] async for r in read_topic(kafka, stack.topics.input)]
        worker = stack.worker()
        stack.until("it has committed", lambda: committed(stack).get(0, 0) > 0)
        worker.kill()
        worker = stack.worker()
        await until_out(stack, dict.fromkeys(left, 1))
        assert worker.stop() == 0, stack.logs()
        assert committed(stack) == {0: 400}
