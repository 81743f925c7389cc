import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CoordinatorLoadInProgressError

from streams.audit import group as audit_group
from streams.audit.group import describe, read_group
from streams.audit.snapshot import open_snapshot
from tests.audit.kafka_scene import publish
from tests.audit.scene import Scene, settings_of, topics_for

pytestmark = pytest.mark.kafka


async def test_offsets_members_and_their_partitions_are_read(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    scene = Scene(topics_for(settings))
    await publish(scene, settings)
    async with open_snapshot(kafka) as snapshot:
        group = await read_group(snapshot, settings.app_id, scene.topics.input)
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
            group = await read_group(snapshot, settings.app_id, scene.topics.input)
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
        group = await read_group(snapshot, f"{namespace}-nobody", scene.topics.input)
    assert (group.state, group.members, group.committed) == ("Dead", (), {})
    assert group.waiting == sum(group.ends.values())


class Loading:
    """An admin client whose coordinator has not read its groups before it is asked for the third
    time."""

    def __init__(self) -> None:
        self.asked = 0

    async def find_coordinator(self, _: str) -> int:
        return 1

    async def describe_consumer_groups(self, _: list[str], __: int) -> list[Any]:
        self.asked += 1
        code, state = (0, "Stable") if self.asked == 3 else (14, "")
        group = {"error_code": code, "state": state}
        return [SimpleNamespace(to_object=lambda: {"groups": [group]})]


async def test_a_coordinator_that_still_reads_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_group, "COORDINATOR_PAUSE", 0.0)
    admin: Any = Loading()
    assert (await describe(admin, "g"))["state"] == "Stable"
    admin = Loading()
    admin.asked = 3
    with pytest.raises(CoordinatorLoadInProgressError):
        await describe(admin, "g")
