"""One round: topics, tickets and workers of its own, a fault or two, and the comparison."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from streams.audit.topic_admin import open_admin
from tests.faults.campaign.api_weather import Weather
from tests.faults.campaign.crew import STOPPED, Crew
from tests.faults.campaign.fault import Fault, Place
from tests.faults.campaign.judge import Verdict, judge
from tests.faults.campaign.scene import Scene
from tests.faults.campaign.tickets import Feeder
from tests.faults.campaign.watcher import Watcher
from tests.stack import Stack, running_stack

# Short waits, so that an outage of seconds is to the worker what half an hour is in production.
SETTINGS: dict[str, object] = {
    "max_calls": 20,
    "retry_max_wait": 1.0,
    "call_timeout": 3.0,
    "session_timeout": 6.0,
    "stall_limit": 30.0,
}
ALONE: dict[str, object] = {"batch_size": 1, "escalation_model": "none"}
"""One ticket a call, one tier: half of the rounds."""
SHARED: dict[str, object] = {"batch_size": 25, "max_calls": 5}
"""Shared calls and two tiers: the other half. Calls take longer then, so that the pace is the same
and tickets wait for company."""
LATENCIES = (0.05, 0.1)
SHARED_SLOWER = 5
PARTITIONS = (2, 4, 6)
FAULT_SECONDS = 240.0
# A client that hangs after a broker's death is noticed after two minutes at most.
FINISH_SECONDS = 180.0


@dataclass(slots=True)
class Round:
    """What came of it."""

    fault: str
    """Names of its faults, joined by ``+``."""
    seed: str
    seconds: float = 0.0
    tickets: int = 0
    lost: int = 0
    duplicates: int = 0
    called_again: int = 0
    paid_twice: int = 0
    paid_twice_bound: int = 0
    """Tickets: ``batch_size`` for each call that a worker told it could not commit, and for each of
    2 x ``max_calls`` of a worker that died with work in hand."""
    recovered_s: float | None = None
    """From the end of the fault to the first newly committed ticket."""
    exits: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    """In words, whatever did not hold."""

    @property
    def ok(self) -> bool:
        """Whether every promise holds."""
        return (
            not (self.lost or self.duplicates or self.called_again or self.broken)
            and self.paid_twice <= self.paid_twice_bound
        )

    def as_json(self) -> dict[str, Any]:
        """All fields, and the verdict."""
        return {**asdict(self), "exits": dict(self.exits), "ok": self.ok}

    def take(self, verdict: Verdict) -> None:
        """Fill in the counts."""
        self.tickets = verdict.tickets
        self.lost = verdict.lost
        self.duplicates = verdict.duplicates
        self.called_again = verdict.called_again
        self.paid_twice = verdict.paid_twice
        self.broken += verdict.broken


async def play(place: Place, faults: Sequence[Fault], seed: str, folder: Path) -> Round:
    """Play one. ``folder`` takes the workers' logs and the API's ledger."""
    result = Round("+".join(fault.name for fault in faults), seed)
    rng = random.Random(seed)
    began = asyncio.get_running_loop().time()
    folder.mkdir(parents=True)
    shared = rng.random() < 0.5
    latency = rng.uniform(*LATENCIES) * (SHARED_SLOWER if shared else 1)
    settings = SETTINGS | (SHARED if shared else ALONE)
    for fault in faults:
        settings |= fault.settings
    name = "c" + "".join(letter for letter in seed if letter.isalnum())
    with running_stack(place.bootstrap, name, folder, {"latency": latency}, **settings) as stack:
        ways = place.worker_settings(stack.api.url)
        stack.worker_settings = stack.settings.model_copy(update=dict(ways))
        await stack.create_topics(partitions=rng.choice(PARTITIONS))
        scene = Scene(
            stack, place, Crew(stack, rng), Weather(stack.api, latency), Watcher(stack), rng
        )
        try:
            await _live_through(scene, faults, result)
            result.take(await judge(stack))
            await _forget(stack)
        except Exception as error:  # the campaign goes on; the row tells
            result.broken.append(f"{type(error).__name__}: {error}"[:500])
        crew = scene.crew
        result.exits = crew.exits
        result.broken += crew.wrong
        calls = 2 * stack.settings.max_calls * crew.deaths + crew.abandoned
        result.paid_twice_bound = calls * stack.settings.batch_size
    result.seconds = round(asyncio.get_running_loop().time() - began, 1)
    return result


async def _forget(stack: Stack) -> None:
    """Delete the topics: hundreds of rounds share a broker."""
    topics = stack.topics
    names = [topics.input, *(spec.name for spec in topics.specs())]
    async with open_admin(stack.settings.bootstrap_servers) as admin:
        await admin.delete_topics(names)


async def _live_through(scene: Scene, faults: Sequence[Fault], result: Round) -> None:
    feeder = Feeder(scene.stack, scene.rng.getrandbits(32))
    await feeder.send(max(fault.tickets for fault in faults))
    for _ in range(max(fault.workers for fault in faults)):
        scene.crew.start()
    helpers = {
        name: asyncio.create_task(helper)
        for name, helper in {
            "supervisor": scene.crew.supervise(),
            "watcher": scene.watcher.watch(),
            "feeder": feeder.keep_busy(),
        }.items()
    }
    try:
        if not await scene.under_load():
            result.broken.append("no call was made before the fault")
        async with asyncio.timeout(FAULT_SECONDS):
            await asyncio.gather(*(fault.run(scene) for fault in faults))
        result.recovered_s = await scene.watcher.recovered(FINISH_SECONDS)
        await _end(helpers.pop("feeder"))
        if not await _finished(scene):
            watcher = scene.watcher
            result.broken.append(f"{watcher.finished} of {watcher.arrived} tickets are finished")
        await _end(helpers.pop("supervisor"))
        codes = await scene.crew.stop_all()
        if not set(codes) <= set(STOPPED):
            result.broken.append(f"stopped workers ended with {codes}")
    finally:
        for helper in helpers.values():
            await _end(helper)


async def _finished(scene: Scene) -> bool:
    """Wait until every ticket that arrived is out."""
    watcher = scene.watcher
    # What the feeder sent last is seen by the second look from now.
    looks = watcher.looks
    return await watcher.until(
        lambda: watcher.looks >= looks + 2 and watcher.finished >= watcher.arrived, FINISH_SECONDS
    )


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel it, and do not wait for ever: aiokafka may hang while it closes."""
    task.cancel()
    await asyncio.wait({task}, timeout=10)
