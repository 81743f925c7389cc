"""A topic is told from another of the same name, on a real Kafka."""

import asyncio

import pytest
from aiokafka.errors import UnknownTopicOrPartitionError

from streams.audit.topic_admin import open_admin
from streams.delivery.source_topic import RecreatedError, SourceTopic
from tests.audit.kafka_scene import create_topic

pytestmark = pytest.mark.kafka


async def test_a_topic_made_again_is_noticed_and_one_that_stays_is_not(
    kafka: str, namespace: str
) -> None:
    await create_topic(kafka, namespace, 64)
    source = SourceTopic(kafka, namespace)
    try:
        await source.open()
        assert len(source.id) == 22
        await asyncio.gather(*(source.confirm() for _ in range(50)))
        async with open_admin(kafka) as admin:
            await admin.delete_topics([namespace])
            while namespace in await admin.list_topics():
                pass
        waiting = asyncio.create_task(source.confirm())
        done, _ = await asyncio.wait([waiting], timeout=1)
        assert not done  # there is none: it may come back, and then it is another one
        await create_topic(kafka, namespace, 1)
        with pytest.raises(RecreatedError, match=source.id):
            await waiting
    finally:
        await source.close()


async def test_a_topic_that_is_not_there_is_not_created_by_asking(
    kafka: str, namespace: str
) -> None:
    source = SourceTopic(kafka, namespace)
    try:
        with pytest.raises(UnknownTopicOrPartitionError):
            await source.open()
        async with open_admin(kafka) as admin:
            assert namespace not in await admin.list_topics()
    finally:
        await source.close()
