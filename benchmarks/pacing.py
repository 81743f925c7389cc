"""How much of the API's rate limit workers use that know each other only by the API's headers.

    python -m benchmarks.pacing
    python -m benchmarks.pacing --workers 4 --tier build --latency 2
    python -m benchmarks.pacing --batch-size 1                    # requests are the bottleneck

Readable lines go to standard error; the last line of standard output is one JSON object.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from statistics import mean
from typing import Any

import click
import uvloop

from benchmarks.report import tell
from benchmarks.rig import environment, tickets
from streams.classify.prompt import Prompt, new_ids
from streams.claude.client import Claude, Reply
from streams.claude.failures import Failure
from streams.claude.pace import TierPaces, pace_of, until_paced
from streams.claude.tiers import prompt_of
from streams.events.model import Ticket
from streams.local.standin.limits import TIERS, Limits
from streams.local.standin.process import StandIn
from streams.settings import Settings, load_settings

START_SECONDS = 60.0
FIND_SECONDS = 10.0
HALVED_SECONDS = 40.0
"""From the drop of the limits: until when it must be found, and until the end."""
LOOK_EVERY = 0.25
WINDOW = 3.0
"""Seconds over which the rate is taken that tells when the drop was found."""
FOUND = 1.2
"""Of the new limit, the rate at which it was found."""
SLOTS = 2_000

HOW = """\
How: the stand-in for Claude in a process of its own, with the rate limits of tier {tier} (buckets
that refill continuously and hold {burst:g} s of their flow) and a latency of {latency:g} s (median;
sigma 0.25). Each worker is a client of its own with a pacer of its own, all in one process, with
more tickets than it can send, at most {batch_size} a call. For {start:g} s they find their pace;
then {seconds:g} s are measured by the stand-in's own account; then it halves all limits. "Reached"
is the used part of the limit that was used most; what the bucket held before comes on top, so more
than 100% is possible for a while. The drop is found when the rate of the last {window:g} s is
{found:g} of the new limit or less."""


@dataclass(frozen=True, slots=True)
class Used:
    """What the stand-in has answered and charged since its start, at one moment."""

    at: float
    requests: int
    input_tokens: int
    output_tokens: int
    limited: int
    """Calls answered 429."""
    tickets: int

    def reached(self, since: "Used", limits: Limits) -> dict[str, float]:
        """Shares of the limits used since then."""
        minutes = (self.at - since.at) / 60
        return {
            name: (getattr(self, name) - getattr(since, name)) / minutes / limit
            for name, limit in limits._asdict().items()
        }

    def limited_share(self, since: "Used") -> float:
        """Of the calls since then."""
        limited = self.limited - since.limited
        return limited / max(1, limited + self.requests - since.requests)


@dataclass(frozen=True, slots=True)
class Run:
    """What one number of workers did. Shares are of 1."""

    workers: int
    bottleneck: str
    reached: float
    limited: float
    """Share of the calls answered 429, in the steady state."""
    limited_at_start: float
    reached_by_limit: dict[str, float]
    tickets_per_minute: float
    tickets_per_call: float
    smallest_share: float
    """Of the calls, of the worker with the fewest; all alike would be 1 / workers."""
    found_seconds: float | None
    """From the drop of all limits by half; None: not found."""
    limited_after_drop: float
    reached_after_drop: float
    """Of the lower limit, from FIND_SECONDS on."""


class Worker:
    """A client with more tickets than it can send."""

    def __init__(self, claude: Claude, settings: Settings, parts: Sequence[str]) -> None:
        self._claude = claude
        self._pace: TierPaces = pace_of(settings, {"first": settings.model})
        self._prompt: Prompt = prompt_of(settings, settings.model)
        self._most = settings.batch_size
        self._parts = cycle(parts)
        self._slots = asyncio.Semaphore(SLOTS)
        self.calls = 0

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as calls:
            while True:
                await self._slots.acquire()
                await until_paced(self._pace, "first")
                parts = list(islice(self._parts, self._pace.group("first", self._most)))
                bound = self._prompt.fixed_bound + sum(map(self._prompt.part_bound, parts))
                self._pace.begin("first", len(parts), bound)
                calls.create_task(self._call(parts, bound))

    async def _call(self, parts: Sequence[str], bound: int) -> None:
        outcome: Reply | Failure
        try:
            outcome = await self._claude.ask(self._prompt.request(new_ids(len(parts)), parts))
            self.calls += 1
        except Failure as failure:
            outcome = failure
        self._pace.end("first", len(parts), bound, outcome)
        self._slots.release()


class Meter:
    """Reads the stand-in's account."""

    def __init__(self, api: StandIn) -> None:
        self._api = api

    async def look(self) -> Used:
        """How much was used up to now."""
        account = await asyncio.to_thread(self._api.account)
        calls, models = account["calls"], account["by_model"].values()
        return Used(
            time.monotonic(),
            calls.get("200", 0),
            sum(m["input_tokens"] + m["cache_creation_input_tokens"] for m in models),
            sum(m["output_tokens"] for m in models),
            calls.get("429", 0),
            account["tickets"],
        )

    async def found(self, limits: Limits) -> float | None:
        """Seconds from now until the rate has come down to ``limits``; None: FIND_SECONDS."""
        looks = deque([await self.look()])
        began = looks[0].at
        while looks[-1].at - began < FIND_SECONDS:
            await asyncio.sleep(LOOK_EVERY)
            looks.append(await self.look())
            if looks[-1].at - looks[0].at >= WINDOW:
                if max(looks[-1].reached(looks[0], limits).values()) <= FOUND:
                    return looks[-1].at - began
                looks.popleft()
        return None


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured."""

    tier: str
    latency: float
    burst_seconds: float
    batch_size: int
    seconds: float


async def _run(options: Options, n: int) -> Run:
    limits = TIERS[options.tier]
    with StandIn(
        seed=n, tier=options.tier, latency=options.latency, burst_seconds=options.burst_seconds
    ) as api:
        settings = load_settings(
            anthropic_api_key="stand-in",
            anthropic_base_url=api.url,
            batch_size=options.batch_size,
            max_calls=SLOTS,
        )
        parts = _parts(prompt_of(settings, settings.model))
        meter = Meter(api)
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(Claude.of(settings)) for _ in range(n)]
            workers = [Worker(client, settings, parts) for client in clients]
            tasks = [asyncio.create_task(worker.run()) for worker in workers]
            try:
                return await _measure(meter, api, workers, limits, options.seconds)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


async def _measure(
    meter: Meter,
    api: StandIn,
    workers: Sequence[Worker],
    limits: Limits,
    seconds: float,
) -> Run:
    cold = await meter.look()
    await asyncio.sleep(START_SECONDS)
    first, before = await meter.look(), [worker.calls for worker in workers]
    await asyncio.sleep(seconds)
    last = await meter.look()
    calls = [worker.calls - then for worker, then in zip(workers, before, strict=True)]
    tell(f"{len(workers)} workers: measured; now half the limit")
    half = Limits(*(limit // 2 for limit in limits))
    await asyncio.to_thread(lambda: api.set_limits(**half._asdict()))
    dropped = await meter.look()
    found = await meter.found(half)
    await asyncio.sleep(dropped.at + FIND_SECONDS - time.monotonic())
    again = await meter.look()
    await asyncio.sleep(HALVED_SECONDS - FIND_SECONDS)
    end = await meter.look()
    reached = last.reached(first, limits)
    requests = last.requests - first.requests
    return Run(
        workers=len(workers),
        bottleneck=max(reached, key=lambda name: reached[name]),
        reached=round(max(reached.values()), 4),
        limited=round(last.limited_share(first), 5),
        limited_at_start=round(first.limited_share(cold), 5),
        reached_by_limit={name: round(share, 4) for name, share in reached.items()},
        tickets_per_minute=round((last.tickets - first.tickets) / (last.at - first.at) * 60, 1),
        tickets_per_call=round((last.tickets - first.tickets) / max(1, requests), 2),
        smallest_share=round(min(calls) / max(1, sum(calls)), 3),
        found_seconds=None if found is None else round(found, 2),
        limited_after_drop=round(end.limited_share(dropped), 5),
        reached_after_drop=round(max(end.reached(again, half).values()), 4),
    )


def _parts(prompt: Prompt) -> list[str]:
    """Sample tickets, as they stand in a request."""
    return [prompt.part(Ticket(row["id"], row["text"])) for _, row in tickets(500, 1)]


@click.command(epilog="Example: python -m benchmarks.pacing --workers 4 --tier build")
@click.option("--workers", type=click.IntRange(1, 16), multiple=True, default=(1, 2, 4),
              show_default=True, help="Workers that share the limit; repeatable.")  # fmt: skip
@click.option("--tier", type=click.Choice(["start", "build", "scale"]), default="start",
              show_default=True, help="Rate limits of the organisation.")  # fmt: skip
@click.option("--latency", type=click.FloatRange(0.0), default=1.0, show_default=True,
              help="Median seconds until an answer.")  # fmt: skip
@click.option("--burst-seconds", type=click.FloatRange(1.0), default=10.0, show_default=True,
              help="Seconds of its flow that a bucket holds.")  # fmt: skip
@click.option("--batch-size", type=click.IntRange(1, 100), default=25, show_default=True,
              help="Most tickets a call.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(1.0), default=60.0, show_default=True,
              help="Length of the steady state.")  # fmt: skip
def main(
    workers: tuple[int, ...],
    tier: str,
    latency: float,
    burst_seconds: float,
    batch_size: int,
    seconds: float,
) -> None:
    """Measure the pace of workers that share one organisation's rate limits."""
    options = Options(tier, latency, burst_seconds, batch_size, seconds)
    tell(
        HOW.format(
            tier=tier, burst=burst_seconds, latency=latency, batch_size=batch_size,
            start=START_SECONDS, seconds=seconds, window=WINDOW, found=FOUND,
        )
    )  # fmt: skip
    allowed = ", ".join(f"{limit:,} {name}" for name, limit in TIERS[tier]._asdict().items())
    tell(f"allowed a minute: {allowed}")
    runs = []
    for n in workers:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as in the worker
            run = runner.run(_run(options, n))
        runs.append(run)
        found = "not found" if run.found_seconds is None else f"found in {run.found_seconds:.1f} s"
        tell(
            f"{n} workers: {run.reached:.2%} of the allowed {run.bottleneck} reached, "
            f"{run.limited:.2%} of the calls answered 429 ({run.limited_at_start:.2%} in the first "
            f"{START_SECONDS:g} s), {run.tickets_per_minute:,.0f} tickets a minute, "
            f"{run.tickets_per_call:g} a call; half the limit {found}, "
            f"{run.limited_after_drop:.2%} answered 429 after it, "
            f"{run.reached_after_drop:.2%} of it reached"
        )
    worst = {
        "reached": min(run.reached for run in runs),
        "limited": max(run.limited for run in runs),
        "found_seconds": None
        if any(run.found_seconds is None for run in runs)
        else max(run.found_seconds or 0.0 for run in runs),
    }
    result: dict[str, Any] = {
        "benchmark": "pacing",
        "options": asdict(options),
        "allowed_per_minute": TIERS[tier]._asdict(),
        "worst": worst,
        "mean_reached": round(mean(run.reached for run in runs), 4),
        "runs": [asdict(run) for run in runs],
        "environment": environment(),
    }
    click.echo(json.dumps(result))


if __name__ == "__main__":
    main()
