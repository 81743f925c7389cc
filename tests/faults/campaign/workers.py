"""Faults of the worker processes."""

import signal

from tests.faults.campaign.fault import fault
from tests.faults.campaign.scene import Scene

SESSION = 6.0
UP_SECONDS = 15.0
"""A worker that finds no partition left is spare, and never opens one."""


@fault("worker_killed", seconds=25)
async def worker_killed(scene: Scene) -> None:
    """kill -9 of the only worker."""
    scene.crew.any().signal(signal.SIGKILL)


@fault("workers_killed_20_times", workers=2, seconds=120, alone=True)
async def workers_killed_20_times(scene: Scene) -> None:
    """kill -9 of one of two workers, twenty times, as soon as there is work again."""
    for _ in range(20):
        scene.crew.any().signal(signal.SIGKILL)
        await scene.pause(0, 2)
        await scene.under_load()


@fault("worker_stopped", seconds=20)
async def worker_stopped(scene: Scene) -> None:
    """SIGTERM to the only worker under load, and another one after it."""
    await scene.crew.stop(scene.crew.any())
    scene.crew.start()


@fault("worker_frozen", workers=2, seconds=35)
async def worker_frozen(scene: Scene) -> None:
    """SIGSTOP of one of two workers for longer than its session, then SIGCONT."""
    zombie = scene.crew.any()
    zombie.signal(signal.SIGSTOP)
    try:
        await scene.pause(SESSION + 3, SESSION + 8)
    finally:
        if zombie.alive:
            zombie.signal(signal.SIGCONT)


@fault("workers_come_and_go", workers=2, seconds=55)
async def workers_come_and_go(scene: Scene) -> None:
    """Eight joins and leaves, each a moment after the other."""
    for _ in range(8):
        join = len(scene.workers) < 2 or (len(scene.workers) < 4 and scene.rng.random() < 0.5)
        if join:
            scene.crew.start()
        else:
            await scene.crew.stop(scene.crew.any())
        await scene.pause(0.2, 6)


@fault("rolling_restart", workers=3, seconds=50)
async def rolling_restart(scene: Scene) -> None:
    """Three workers, one after the other stopped and replaced."""
    for worker in scene.workers:
        if worker not in scene.workers:  # another fault has killed it meanwhile
            continue
        await scene.crew.stop(worker)
        fresh = scene.crew.start()
        await scene.watcher.until(lambda fresh=fresh: fresh.opened, UP_SECONDS)  # type: ignore[misc]
