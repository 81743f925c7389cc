"""Faults that need machinery: a full disk, a clock that jumps; and, imported, those of a cluster
and of the network."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from streams.local.kafka.broker import EmbeddedKafka
from tests.faults import disk
from tests.faults.campaign import cluster, network
from tests.faults.campaign.fault import fault
from tests.faults.campaign.place import OneBroker, one_broker
from tests.faults.campaign.scene import Scene
from tests.faults.clock import Clock

__all__ = ["cluster", "network"]

HOUR = 3_600.0
HALT_SECONDS = 60.0


async def disk_full(scene: Scene) -> None:
    """The broker's disk is full: it halts, and is started when there is space again."""
    assert isinstance(scene.place, OneBroker)
    broker = scene.place.broker
    disk.fill(broker)
    try:
        await halted(broker)
        await scene.pause(1, 5)
    finally:
        with suppress(psutil.NoSuchProcess):
            disk.free(broker)
        if not broker.alive:
            await asyncio.to_thread(broker.start)


async def halted(broker: EmbeddedKafka) -> None:
    """Until it has ended by itself. Raises TimeoutError."""
    deadline = time.monotonic() + HALT_SECONDS
    while broker.alive:
        if time.monotonic() > deadline:
            raise TimeoutError("the broker goes on although its disk is full")
        await asyncio.sleep(0.1)


if disk.SUPPORTED:
    fault("disk_full", needs=one_broker, workers=2, alone=True, seconds=70)(disk_full)


@dataclass(frozen=True, slots=True)
class JumpingClock(OneBroker):
    """Python processes that are started here have a clock of their own, which may jump."""

    clock: Clock


@contextmanager
def jumping_clock(folder: Path) -> Iterator[JumpingClock]:
    """A broker whose clock is right, and workers whose clock is not."""
    clock = Clock(folder / "clock")
    with EmbeddedKafka(folder / "kafka") as broker, clock.in_children():
        yield JumpingClock(broker, clock)


@fault("clock_jumps", needs=jumping_clock, workers=2, seconds=40)
async def clock_jumps(scene: Scene) -> None:
    """The workers' clock jumps ahead, back behind, and is set right, by up to two hours."""
    assert isinstance(scene.place, JumpingClock)
    clock = scene.place.clock
    try:
        for hours in (scene.rng.uniform(0.1, 2), -scene.rng.uniform(0.1, 1)):
            clock.jump(hours * HOUR)
            await scene.pause(2, 5)
    finally:
        clock.jump(0)
