"""Kafka tells whose transactions are open, and where they begin."""

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient

from streams.delivery.open_transactions import open_transactions
from streams.delivery.unended import last_is_committed, unended
from tests.audit.kafka_scene import create_topic

pytestmark = pytest.mark.kafka


async def test_a_transaction_is_told_by_its_producer_and_first_offset_until_it_ends(
    kafka: str, namespace: str
) -> None:
    await create_topic(kafka, namespace, 2)
    first, second = TopicPartition(namespace, 0), TopicPartition(namespace, 1)
    client = AIOKafkaClient(bootstrap_servers=kafka)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=namespace)
    await client.bootstrap()
    await producer.start()
    try:
        await client.set_topics([namespace])
        await producer.begin_transaction()
        await producer.send_and_wait(namespace, b"1", partition=0)
        await producer.commit_transaction()
        assert await last_is_committed(kafka, first)
        await producer.begin_transaction()
        await producer.send_and_wait(namespace, b"2", partition=0)
        found = await open_transactions(client, [first, second], 30)
        assert found == {first: {producer._txn_manager.producer_id: 2}, second: {}}
        assert await unended(kafka, [first, second]) == {first}
        await producer.abort_transaction()
        while await unended(kafka, [first]):
            pass  # the marker comes a moment after the answer
        assert await open_transactions(client, [first], 30) == {first: {}}
        assert not await last_is_committed(kafka, first)
    finally:
        await producer.stop()
        await client.close()
