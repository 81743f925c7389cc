"""Faults of the one broker."""

import asyncio

from streams.local.kafka.broker import EmbeddedKafka
from tests.faults.campaign.fault import fault
from tests.faults.campaign.place import OneBroker, one_broker
from tests.faults.campaign.scene import Scene


def broker_of(scene: Scene) -> EmbeddedKafka:
    assert isinstance(scene.place, OneBroker)
    return scene.place.broker


async def start(broker: EmbeddedKafka) -> None:
    if not broker.alive:
        await asyncio.to_thread(broker.start)


@fault("broker_killed", needs=one_broker, workers=2, seconds=70)
async def broker_killed(scene: Scene) -> None:
    """kill -9 of the broker, back after some seconds."""
    broker = broker_of(scene)
    broker.kill()
    try:
        await scene.pause(1, 10)
    finally:
        await start(broker)


@fault("broker_restarted", needs=one_broker, workers=2, seconds=60)
async def broker_restarted(scene: Scene) -> None:
    """The broker is shut down cleanly and started again."""
    broker = broker_of(scene)
    await asyncio.to_thread(broker.stop)
    await start(broker)


@fault("broker_frozen", needs=one_broker, workers=2, seconds=50)
async def broker_frozen(scene: Scene) -> None:
    """The broker stands still for some seconds."""
    await freeze(scene, 3, 12)


@fault("broker_frozen_long", needs=one_broker, workers=2, seconds=120)
async def broker_frozen_long(scene: Scene) -> None:
    """The broker stands still for longer than a transaction may last."""
    await freeze(scene, 35, 45)


async def freeze(scene: Scene, least: float, most: float) -> None:
    broker = broker_of(scene)
    if not broker.alive:
        return
    pid = broker.pid
    broker.freeze()
    try:
        await scene.pause(least, most)
    finally:
        if broker.alive and broker.pid == pid:
            broker.thaw()
