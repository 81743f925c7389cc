import asyncio

import pytest
from aiokafka import AIOKafkaConsumer

from streams.audit.group import read_group
from streams.audit.snapshot import open_snapshot
from tests.audit.kafka_scene import publish
from tests.audit.scene import Scene, settings_of, topics_for

pytestmark = pytest.mark.kafka


async def test_offsets_members_and_their_partitions_are_read(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    scene = Scene(topics_for(settings))
    await publish(scene, settings)
    async with open_snapshot(kafka) as snapshot:
        group = await read_group(snapshot, settings.app_id, scene.topics)
        assert (group.state, group.members) == ("Empty", ())
        assert group.committed == {0: 4, 1: 4}
        assert group.waiting == sum(group.ends.values()) - 8 > 0

        consumer = AIOKafkaConsumer(
            scene.topics.input, bootstrap_servers=kafka, group_id=settings.app_id
        )
        await consumer.start()
        try:
            async with asyncio.timeout(30):
                await consumer.getmany(timeout_ms=100)
            group = await read_group(snapshot, settings.app_id, scene.topics)
        finally:
            await consumer.stop()
    [member] = group.members
    assert member.partitions == (0, 1)
    assert member.host == "127.0.0.1"


async def test_a_group_that_never_was_is_dead_and_everything_waits(
    kafka: str, namespace: str
) -> None:
    settings = settings_of(namespace, kafka)
    scene = Scene(topics_for(settings))
    await publish(scene, settings)
    async with open_snapshot(kafka) as snapshot:
        group = await read_group(snapshot, f"{namespace}-nobody", scene.topics)
    assert (group.state, group.members, group.committed) == ("Dead", (), {})
    assert group.waiting == sum(group.ends.values())
