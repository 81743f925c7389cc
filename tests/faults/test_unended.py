"""Apache Kafka can end a transaction and leave out its markers (streams/delivery/unended.py)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from streams.access.connection import client_arguments
from streams.audit.snapshot import read_topic
from streams.delivery.transaction import transactional_id
from streams.delivery.unended import unended, written_by_one
from streams.local.kafka.broker import EmbeddedKafka
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(600)]

TICKETS = 60


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """One that takes records of a transaction of which its coordinator knows nothing: that is how
    they look whose markers were left out."""
    extra = {"transaction.partition.verification.enable": "false"}
    with EmbeddedKafka(tmp_path / "kafka", extra=extra) as broker:
        yield broker


async def leave_without_end(stack: Stack, number: int) -> set[TopicPartition]:
    """As the owner of partition ``number`` write each of its routed tickets, and its done rows,
    once more, in a transaction that never ends; where."""
    topics, address = stack.topics, stack.settings.kafka
    producer = AIOKafkaProducer(
        **client_arguments(address),
        transactional_id=transactional_id(stack.settings.app_id, topics.input, number),
    )
    await producer.start()
    await producer.begin_transaction()
    known: Any = producer._txn_manager
    written = set()
    async for record in read_topic(address, *topics.outputs, topics.done):
        if record.partition != number:
            continue
        tp = TopicPartition(record.topic, number)
        known._txn_partitions.add(tp)  # the coordinator is not told
        await producer.send_and_wait(
            record.topic, record.value, record.key, number, headers=list(record.headers)
        )
        written.add(tp)
    known._txn_partitions.clear()
    await producer.stop()
    return written


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

        await stack.send_samples(TICKETS, seed=2)
        worker = stack.worker()
        await stack.until_finished(2 * TICKETS, timeout=200)
        assert worker.stop() == 0, stack.logs()
        report = await stack.report()
        assert (report.tickets, report.lost, report.duplicates) == (2 * TICKETS, 0, 0)
        assert await unended(stack.settings.kafka, written_by_one(stack.topics, 0)) == set()
        assert await unended(stack.settings.kafka, written) == set()
        assert worker.said("ended without its markers"), stack.logs()
        assert await stack.broken_promises(strict=True) == []
