import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from streams.local.promises_watch import PromisesWatch
from streams.settings import Settings
from tests.audit.kafka_scene import abort, producer_for, publish, write
from tests.audit.scene import Scene, settings_of, topics_for
from tests.local.test_promises import account

pytestmark = pytest.mark.kafka


def scene_of(settings: Settings) -> Scene:
    scene = Scene(topics_for(settings))
    scene.inputs = [scene.ticket(p, offset) for p in scene.partitions for offset in range(4)]
    return scene


@asynccontextmanager
async def watching(settings: Settings, scene: Scene) -> AsyncIterator[PromisesWatch]:
    watch = PromisesWatch(settings, scene.topics, api)
    task = asyncio.create_task(watch.run())
    try:
        async with asyncio.timeout(60):
            yield watch
    finally:
        task.cancel()
        await asyncio.wait([task])


def api() -> dict[str, Any]:
    return {**account(), "in_flight": 0}


async def test_a_forged_record_is_seen_and_an_aborted_one_is_none(
    kafka: str, namespace: str
) -> None:
    settings = settings_of(namespace, kafka)
    scene = scene_of(settings)
    await publish(scene, settings)
    forged = next(r for r in scene.outputs if r.topic in scene.topics.categories.values())
    async with watching(settings, scene) as watch, producer_for(settings, "forger") as producer:
        verdict = await watch.until(lambda verdict: verdict.at_rest)
        assert (verdict.state, verdict.tickets, verdict.duplicates) == ("holds", 8, 0)
        await abort(producer, [forged])
        assert (await watch.until(lambda _: True)).duplicates == 0
        async with producer.transaction():
            await write(producer, [forged])
        verdict = await watch.until(lambda verdict: verdict.state == "broken")
        assert (verdict.duplicates, verdict.lost) == (1, 0)
        assert "out twice" in verdict.broken[0]
        assert watch.current


async def test_what_is_in_flight_is_no_violation_and_is_followed(
    kafka: str, namespace: str
) -> None:
    settings = settings_of(namespace, kafka)
    scene = scene_of(settings)
    scene.inputs += [scene.ticket(p, 4) for p in scene.partitions]
    await publish(scene, settings)
    async with watching(settings, scene) as watch, producer_for(settings, "worker") as producer:
        verdict = await watch.until(lambda verdict: verdict.in_flight == 2)
        assert (verdict.state, verdict.finished) == ("settling", 8)
        async with producer.transaction():
            await write(producer, [scene.dead_letter(p, 4) for p in scene.partitions])
        # These were never in the table of errors: at rest it is seen.
        verdict = await watch.until(lambda verdict: verdict.at_rest)
        assert verdict.state == "broken"
        assert len(verdict.broken) == 1
