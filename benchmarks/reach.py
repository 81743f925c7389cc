"""What the table of peers does not ask of us: order, idleness, memory, restarts.

    python -m benchmarks.reach                # about four minutes
    python -m benchmarks.reach --only start   # starts, restarts and latency: two

All against one broker and an API that answers after 100 ms and costs next to nothing
(benchmarks/peers/stub.py), keys by Zipf's law, 8 partitions, one ticket a call. What is compared
runs in turn. Readable lines go to standard error; the last line of standard output is one JSON
object.
"""

import json
import time
from dataclasses import asdict, dataclass
from statistics import median

import click
import psutil

from benchmarks.peers.contenders import EXACTLY_ONCE, Contender, ours
from benchmarks.peers.measure import Run, added_latency, throughput
from benchmarks.peers.scene import Scene, running_scene
from benchmarks.process import cpu_seconds
from benchmarks.report import tell
from benchmarks.rig import environment

ROUNDS = 3
CALLS = 200
"""In flight, where nothing else is said."""
BOUND_CALLS = 20
"""In flight where a kill must come in the middle of things."""
PACES = (50.0, 100.0)
"""Tickets a second of an idle worker."""
MOST_SECONDS = 10.0


def _ours(name: str, **changes: object) -> Contender:
    return Contender(name, name, EXACTLY_ONCE, ours(1, **changes))


BY_KEY = _ours("by-key")
UNORDERED = _ours("unordered", order_by_key=False)
STATIC = _ours("static", group_instance_id="w1")


def order(scene: Scene) -> dict[str, float]:
    """Tickets a second in order by key, beside those without."""
    rates: dict[str, list[float]] = {BY_KEY.name: [], UNORDERED.name: []}
    for _ in range(ROUNDS):
        for one in (BY_KEY, UNORDERED):
            rates[one.name].append(throughput(scene, one, 6_000, CALLS, MOST_SECONDS).rate)
    tell(f"order by key: {rates}")
    ratio = median(rates[BY_KEY.name]) / median(rates[UNORDERED.name])
    return {**{name: median(found) for name, found in rates.items()}, "ratio": round(ratio, 3)}


def memory(scene: Scene) -> float:
    """Resident megabytes with 1,000 calls in flight."""
    found = throughput(scene, BY_KEY, 12_000, 1_000, MOST_SECONDS)
    tell(f"1,000 calls in flight: {found}")
    return found.rss_mb


@dataclass(frozen=True, slots=True)
class Start:
    """Medians. CPU is user + system time of the worker, and hardly depends on what else runs."""

    seconds: float
    cpu_seconds: float


def start(scene: Scene) -> Start:
    """From the start of a process to its first ticket out. All is compiled: latency came before."""
    seconds, cpu = [], []
    for _ in range(ROUNDS):
        with Run(scene, BY_KEY, CALLS) as run:
            run.sender.send(500)
            began = time.monotonic()
            run.start()
            found, used = _next_ticket(run, began)
            seconds.append(found)
            cpu.append(used)
    tell(f"first ticket out after {seconds} s, {cpu} s of CPU")
    return Start(median(seconds), median(cpu))


def _next_ticket(run: Run, began: float) -> tuple[float, float]:
    """Seconds since ``began``, and of the worker's CPU, until the next ticket is out."""
    while not run.outputs.poll(0.01):
        run.check()
    seconds = time.monotonic() - began
    return round(seconds, 2), round(cpu_seconds(psutil.Process(run.worker.pid)), 2)


def back(scene: Scene, one: Contender) -> Start:
    """From kill -9 to the next ticket out; a new process starts at once."""
    seconds, cpu = [], []
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
            found, used = _next_ticket(run, killed)
            seconds.append(found)
            cpu.append(used)
    tell(f"kill -9, {one.name}: the next ticket is out after {seconds} s, {cpu} s of CPU")
    return Start(median(seconds), median(cpu))


def idle(scene: Scene) -> dict[str, dict[str, float]]:
    """Added latency in milliseconds, by tickets a second."""
    found = {}
    for pace in PACES:
        late = added_latency(scene, BY_KEY, round(20 * pace), CALLS, pace)
        tell(f"added latency at {pace:.0f} tickets a second: {late}")
        found[f"{pace:.0f}"] = {"p50": late.p50_ms, "p99": late.p99_ms}
    return found


def starts(scene: Scene) -> dict[str, object]:
    """How soon a worker is at work, and how soon a ticket is out when it is."""
    return {
        "added_latency_ms": idle(scene),
        "cold_start": asdict(start(scene)),
        "back_after_kill": {
            "default": asdict(back(scene, BY_KEY)),
            "static": asdict(back(scene, STATIC)),
        },
    }


def load(scene: Scene) -> dict[str, object]:
    """What becomes of many tickets."""
    return {"order": order(scene), "rss_mb_with_1000_calls": memory(scene)}


PARTS = {"start": starts, "load": load}


@click.command(epilog="Example:  python -m benchmarks.reach --only start")
@click.option("--only", type=click.Choice(list(PARTS)), help="One half of it.")
def main(only: str | None) -> None:
    """Measure what the table of peers does not ask."""
    found: dict[str, object] = {"environment": environment()}
    with running_scene(0.1) as scene:
        for name in [only] if only else PARTS:
            found |= PARTS[name](scene)
    click.echo(json.dumps(found))


if __name__ == "__main__":
    main()
