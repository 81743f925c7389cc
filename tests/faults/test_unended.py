"""Apache Kafka can end a transaction and leave out its markers (streams/delivery/unended.py)."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from streams.access.connection import client_arguments
from streams.audit.snapshot import read_topic
from streams.audit.topic_admin import open_admin
from streams.delivery.last_resort import EXIT_FAILED
from streams.delivery.transaction import transactional_id
from streams.delivery.unended import unended, written_by_one
from streams.events.headers import ROUTED_SOURCE
from streams.events.model import Done
from streams.events.wire import encode_done
from streams.local.kafka.broker import EmbeddedKafka
from tests.stack import Stack, Worker, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(600)]

TICKETS = 40
FEW = 12
"""So few that most output partitions are written to once."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """One that takes records of a transaction of which its coordinator knows nothing: that is how
    they look whose markers were left out."""
    extra = {"transaction.partition.verification.enable": "false"}
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka"), extra=extra) as broker:
        yield broker


async def leave_without_end(stack: Stack, number: int) -> set[TopicPartition]:
    """As the owner of partition ``number`` write for its next tickets what it wrote for those that
    are done, in a transaction that never ends; where."""
    topics, address = stack.topics, stack.settings.kafka
    producer = AIOKafkaProducer(
        **client_arguments(address),
        transactional_id=transactional_id(stack.settings.app_id, topics.input, number),
    )
    await producer.start()
    await producer.begin_transaction()
    known: Any = producer._txn_manager
    written = set()
    done = await committed(stack, number)

    async def write(tp: TopicPartition, **record: Any) -> None:
        known._txn_partitions.add(tp)  # the coordinator is not told
        await producer.send_and_wait(tp.topic, partition=tp.partition, **record)
        written.add(tp)

    async for record in read_topic(address, *topics.outputs):
        told = dict(record.headers)
        if told[ROUTED_SOURCE + "partition"] != str(number).encode():
            continue
        offset = int(told[ROUTED_SOURCE + "offset"]) + done
        told[ROUTED_SOURCE + "offset"] = str(offset).encode()
        tp = TopicPartition(record.topic, record.partition)
        await write(tp, key=record.key, value=record.value, headers=list(told.items()))
        row = encode_done(Done(offset, released=True))
        await write(TopicPartition(topics.done, number), key=b"%d" % offset, value=row)
    known._txn_partitions.clear()
    await producer.stop()
    return written


async def committed(stack: Stack, number: int | None = None) -> int:
    """Tickets of one source partition, or of all, that the group has committed."""
    async with open_admin(stack.settings.kafka) as admin:
        try:
            found = await admin.list_consumer_group_offsets(stack.settings.app_id)
        except KafkaError as error:  # the broker is new: nobody has asked for a group yet
            if not error.retriable:
                raise
            return 0
    return sum(at.offset for tp, at in found.items() if number in (None, tp.partition))


async def seen(stack: Stack) -> int:
    """Results that a reader of committed records finds."""
    outputs = (*stack.topics.outputs, stack.topics.dead_letter)
    return len([record async for record in read_topic(stack.settings.kafka, *outputs)])


async def ends_well(stack: Stack, worker: Worker) -> None:
    """It stops as asked, and every promise holds."""
    assert worker.stop() == 0, stack.logs()
    assert await stack.broken_promises(strict=True) == []


async def test_what_kafka_left_without_an_end_comes_out_neither_lost_nor_twice(
    broker: EmbeddedKafka, namespace: str, tmp_path: Path
) -> None:
    with running_stack(broker.bootstrap, namespace, tmp_path, {}) as stack:
        await stack.create_topics(partitions=2)
        await stack.send_samples(TICKETS, seed=1)
        worker = stack.worker()
        await stack.until_finished(TICKETS, timeout=200)
        assert worker.stop() == 0, stack.logs()

        written = await leave_without_end(stack, 0)
        assert TopicPartition(stack.topics.done, 0) in written
        assert await unended(stack.settings.kafka, written) == written

        await stack.send_samples(TICKETS, seed=1)  # the same: as many more for each partition
        worker = stack.worker()
        await stack.until_finished(2 * TICKETS, timeout=200)
        assert worker.stop() == 0, stack.logs()
        report = await stack.report()
        assert (report.tickets, report.lost, report.duplicates) == (2 * TICKETS, 0, 0)
        assert await unended(stack.settings.kafka, written_by_one(stack.topics, 0)) == set()
        assert await unended(stack.settings.kafka, written) == set()
        assert worker.said("ended without its markers is aborted"), stack.logs()
        assert await stack.broken_promises(strict=True) == []


async def test_a_worker_ends_what_kafka_left_of_its_commits_without_more_tickets_to_come(
    broker: EmbeddedKafka, namespace: str, tmp_path: Path
) -> None:
    with running_stack(broker.bootstrap, namespace, tmp_path, {}) as stack:
        await stack.create_topics(partitions=2)
        await stack.send_samples(FEW, seed=1)
        worker = stack.worker("tests.faults.markers_left_out_once")
        report = await stack.until_finished(FEW, timeout=200)
        assert worker.said("left out its markers"), stack.logs()
        assert (report.lost, report.duplicates) == (0, 0)
        await ends_well(stack, worker)


async def test_what_a_worker_had_committed_when_it_died_comes_out_though_kafka_left_out_the_markers(
    broker: EmbeddedKafka, namespace: str, tmp_path: Path
) -> None:
    with running_stack(broker.bootstrap, namespace, tmp_path, {}) as stack:
        await stack.create_topics(partitions=2)
        await stack.send_samples(FEW, seed=1)
        worker = stack.worker("tests.faults.markers_left_out")
        while await committed(stack) < FEW:
            assert worker.alive, stack.logs()
        worker.kill()
        assert await seen(stack) == 0

        calls = stack.calls()
        worker = stack.worker()
        report = await stack.until_finished(FEW, timeout=200)
        assert worker.said("ended without its markers is committed"), stack.logs()
        assert (report.lost, report.duplicates, stack.calls()) == (0, 0, calls)
        await ends_well(stack, worker)


async def test_what_came_out_is_not_done_again_though_its_done_rows_got_no_marker(
    broker: EmbeddedKafka, namespace: str, tmp_path: Path
) -> None:
    with running_stack(broker.bootstrap, namespace, tmp_path, {}) as stack:
        await stack.create_topics(partitions=2)
        await stack.send_samples(FEW, seed=1)
        worker = stack.worker("tests.faults.markers_left_out_of_done")
        await stack.until_finished(FEW, timeout=200)
        worker.kill()

        worker = stack.worker()
        stack.until("the partitions are open", lambda: worker.opened, timeout=100)
        assert worker.said("ended without its markers is committed"), stack.logs()
        assert not worker.said("is aborted"), stack.logs()
        await stack.send_samples(FEW, seed=2)
        report = await stack.until_finished(2 * FEW, timeout=200)
        assert (report.lost, report.duplicates) == (0, 0)
        await ends_well(stack, worker)


async def test_after_the_broker_was_away_nothing_begins_before_what_was_committed_is_seen(
    broker: EmbeddedKafka, namespace: str, tmp_path: Path
) -> None:
    with running_stack(broker.bootstrap, namespace, tmp_path, {}) as stack:
        await stack.create_topics(partitions=2)
        await stack.send_samples(FEW, seed=1)
        worker = stack.worker("tests.faults.markers_left_out_of_books")
        await stack.until_finished(FEW, timeout=200)
        calls = stack.calls()
        broker.kill()
        worker.signal(signal.SIGWINCH)
        broker.start()
        await stack.send_samples(FEW, seed=2)
        # A transaction more, were it aborted, would have taken the books' last rows with it.
        assert worker.wait(timeout=100) == EXIT_FAILED, stack.logs()
        assert worker.said("and does not write them"), stack.logs()

        worker = stack.worker()
        report = await stack.until_finished(2 * FEW, timeout=200)
        assert worker.said("ended without its markers is committed"), stack.logs()
        assert (report.lost, report.duplicates) == (0, 0)
        assert stack.calls() > calls
        await ends_well(stack, worker)
