"""What the table of peers does not ask of us: order, idleness, memory, restarts.

    python -m benchmarks.reach                # about two minutes

All against one broker and an API that answers after 100 ms and costs next to nothing
(benchmarks/peers/stub.py), keys by Zipf's law, 8 partitions, one ticket a call. What is compared
runs in turn. Readable lines go to standard error; the last line of standard output is one JSON
object.
"""

import json
import time
from collections.abc import Callable
from statistics import median

import click

from benchmarks.peers.contenders import EXACTLY_ONCE, Contender, ours
from benchmarks.peers.measure import Run, added_latency, throughput
from benchmarks.peers.scene import Scene, running_scene
from benchmarks.rig import environment

ROUNDS = 3
CALLS = 200
"""In flight, where nothing else is said."""
BOUND_CALLS = 20
"""In flight where a kill must come in the middle of things."""
PACE = 50.0
"""Tickets a second of an idle worker."""
MOST_SECONDS = 10.0

Tell = Callable[[str], None]


def _ours(name: str, **changes: object) -> Contender:
    return Contender(name, name, EXACTLY_ONCE, ours(1, **changes))


BY_KEY = _ours("by-key")
UNORDERED = _ours("unordered", order_by_key=False)
STATIC = _ours("static", group_instance_id="w1")


def order(scene: Scene, tell: Tell) -> dict[str, float]:
    """Tickets a second in order by key, beside those without."""
    rates: dict[str, list[float]] = {BY_KEY.name: [], UNORDERED.name: []}
    for _ in range(ROUNDS):
        for one in (BY_KEY, UNORDERED):
            rates[one.name].append(throughput(scene, one, 6_000, CALLS, MOST_SECONDS).rate)
    tell(f"order by key: {rates}")
    ratio = median(rates[BY_KEY.name]) / median(rates[UNORDERED.name])
    return {**{name: median(found) for name, found in rates.items()}, "ratio": round(ratio, 3)}


def memory(scene: Scene, tell: Tell) -> float:
    """Resident megabytes with 1,000 calls in flight."""
    found = throughput(scene, BY_KEY, 12_000, 1_000, MOST_SECONDS)
    tell(f"1,000 calls in flight: {found}")
    return found.rss_mb


def start(scene: Scene, tell: Tell) -> float:
    """Seconds from the start of a process to its first ticket out."""
    found = [throughput(scene, BY_KEY, 500, CALLS, 1.0).first_seconds for _ in range(ROUNDS)]
    tell(f"first ticket out after {found} s")
    return median(found)


def back(scene: Scene, one: Contender, tell: Tell) -> float:
    """Seconds from kill -9 to the next ticket out; a new process starts at once."""
    found = []
    for _ in range(ROUNDS):
        with Run(scene, one, BOUND_CALLS) as run:
            run.sender.send(3_000)
            run.start()
            while len(run.outputs.seen) < 400:
                run.outputs.poll(0.05)
            run.worker.kill()
            killed = time.monotonic()
            run.start()
            while run.outputs.poll(0.2):  # what was on its way
                pass
            while not run.outputs.poll(0.05):
                run.worker  # noqa: B018  raises where it has ended
            found.append(round(time.monotonic() - killed, 2))
    tell(f"kill -9, {one.name}: the next ticket is out after {found} s")
    return median(found)


@click.command(epilog="Example:  python -m benchmarks.reach")
def main() -> None:
    """Measure what the table of peers does not ask."""

    def tell(line: str) -> None:
        click.echo(line, err=True)

    with running_scene(0.1) as scene:
        late = added_latency(scene, BY_KEY, 1_000, CALLS, PACE)
        tell(f"added latency at {PACE:.0f} tickets a second: {late}")
        found = {
            "added_latency_ms": {"p50": late.p50_ms, "p99": late.p99_ms},
            "order": order(scene, tell),
            "rss_mb_with_1000_calls": memory(scene, tell),
            "cold_start_seconds": start(scene, tell),
            "back_after_kill_seconds": {
                "default": back(scene, BY_KEY, tell),
                "static": back(scene, STATIC, tell),
            },
        }
    click.echo(json.dumps({"environment": environment(), **found}))


if __name__ == "__main__":
    main()
