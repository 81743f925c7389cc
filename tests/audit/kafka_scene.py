"""Writes a scene to Kafka as workers do: in transactions, with aborted ones in between."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic

from streams.audit.topic_admin import create_missing, open_admin, wait_until_known
from streams.settings import Settings
from tests.audit.scene import Scene, Written


async def create_topic(bootstrap: str, topic: str, partitions: int = 2) -> None:
    """Returns when every client can use it."""
    async with open_admin(bootstrap) as admin:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
        await wait_until_known(admin, [topic])


@asynccontextmanager
async def producer_for(settings: Settings, transaction: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers,
        transactional_id=f"{settings.app_id}-{transaction}",
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def write(producer: AIOKafkaProducer, records: Iterable[Written]) -> None:
    for record in records:
        await producer.send(
            record.topic,
            record.value,
            key=record.key,
            partition=record.partition,
            headers=record.headers,
        )
    await producer.flush()


async def abort(producer: AIOKafkaProducer, records: Iterable[Written]) -> None:
    """Writes records that no read_committed reader may see.

    It begins when the producer's transaction before is visible: a commit returns earlier.
    """
    await producer.begin_transaction()
    await write(producer, records)
    await producer.abort_transaction()


async def publish(scene: Scene, settings: Settings) -> None:
    """Topics, tickets, everything that was made of them, and the committed offsets."""
    await create_missing(settings, scene.topics, partitions=len(scene.partitions))
    tombstone = Written(scene.rows[0].topic, scene.rows[0].partition, scene.rows[0].key, None)
    async with producer_for(settings, "test") as producer:
        # One transaction, so that offsets start at 0; what is aborted comes behind.
        async with producer.transaction():
            await write(producer, scene.inputs)
        await abort(producer, scene.inputs)
        await abort(producer, scene.outputs)
        async with producer.transaction():
            await write(producer, scene.outputs)
            # Rows are written again and again: an older one, a removed one, the last one.
            await write(producer, [*scene.rows[1:], tombstone, *scene.rows])
            offsets = {TopicPartition(scene.topics.input, p): 4 for p in scene.partitions}
            await producer.send_offsets_to_transaction(offsets, settings.app_id)
        await abort(producer, [tombstone, *scene.outputs])
