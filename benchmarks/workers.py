"""How much more do two and four workers of one group do than one?

    python -m benchmarks.workers                          # about four minutes
    python -m benchmarks.workers --workers 1 --workers 2 --rounds 1

Each worker has 40 calls in flight to an API that takes a second, so that the API's time is the
bound and four workers need far less than a core in all. What counts is the steady state: it begins
when each worker has partitions and all its calls in flight, and is as long for all. How much of its
slots each used, and the CPU of workers and broker, are told with the rate: where the cores are the
bound, the ratios say nothing. Readable lines go to standard error; the last line of standard output
is one JSON object.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import click
import psutil

from benchmarks.peers.contenders import EXACTLY_ONCE, Contender, ours
from benchmarks.peers.measure import Run
from benchmarks.peers.scene import Scene, running_scene
from benchmarks.process import cpu_seconds
from benchmarks.report import conclude, medians, tell
from benchmarks.worker_metrics import MetricsError, read_metrics
from streams.local.child import ChildProcess

WORKER = Contender("ours", "ours", EXACTLY_ONCE, ours(1, log_level="INFO"))
LATENCY = 1.0
CALLS = 40
"""In flight in each worker."""
SECONDS = 20.0
"""Of the steady state."""
BACKLOG = 3.0
"""Times what the workers can do until the end: keys are not spread evenly, and each partition must
have tickets left."""
PATIENCE = 90.0
"""Seconds until all are at work."""
EVERY = 0.5
"""Seconds between looks."""


@dataclass(frozen=True, slots=True)
class Steady:
    """Of so many workers together."""

    rate: float
    """Tickets a second."""
    slots_used: float
    """Share of the call slots in use, on average."""
    worker_cores: float
    broker_cores: float


class Group:
    """Workers of one group, each with its log."""

    def __init__(self, run: Run, workers: int, cleanup: ExitStack) -> None:
        self._run = run
        command, env = run.contender.command(run.job)
        self._logs = [run.log.with_suffix(f".{number}.log") for number in range(workers)]
        self._children = []
        for log in self._logs:
            child = ChildProcess(command, folder=run.scene.folder, log=log, env=env)
            cleanup.callback(child.kill)
            self._children.append(child)

    def in_flight(self) -> list[float]:
        """Calls of each worker; 0 of one that is not up yet."""
        return [self._in_flight(log) for log in self._logs]

    def _in_flight(self, log: Path) -> float:
        try:
            return read_metrics(log)["ticket_streams_calls_in_flight"]
        except MetricsError:
            return 0.0

    def cpu(self) -> float:
        """Seconds of all of them."""
        return sum(cpu_seconds(psutil.Process(child.pid)) for child in self._children)

    def look(self) -> None:
        """Take what has come out. Raises ClickException where a worker has ended."""
        self._run.outputs.poll(0.05)
        for child, log in zip(self._children, self._logs, strict=True):
            if not child.alive:
                raise click.ClickException(f"a worker ended:\n{log.read_text()[-1500:]}")

    def until_at_work(self) -> None:
        """All slots of all workers are in use."""
        deadline = time.monotonic() + PATIENCE
        while min(self.in_flight()) < CALLS:
            self.look()
            if time.monotonic() > deadline:
                raise click.ClickException(
                    f"calls in flight after {PATIENCE} s: {self.in_flight()}"
                )


def measure(scene: Scene, workers: int) -> Steady:
    """Workers on a backlog, in the steady state."""
    with Run(scene, WORKER, CALLS) as run, ExitStack() as cleanup:
        run.sender.send(int(workers * CALLS / LATENCY * (SECONDS + 20) * BACKLOG))
        group = Group(run, workers, cleanup)
        group.until_at_work()
        used: list[float] = []
        cpu, broker = group.cpu(), cpu_seconds(psutil.Process(scene.broker_pid))
        began, seen = time.monotonic(), len(run.outputs.seen)
        ended = began
        while (ended := time.monotonic()) < began + SECONDS:
            group.look()
            if len(used) * EVERY < ended - began:
                used.append(sum(group.in_flight()) / workers / CALLS)
        took = ended - began
        done = len(run.outputs.seen) - seen
        broker = cpu_seconds(psutil.Process(scene.broker_pid)) - broker
        return Steady(
            rate=round(done / took, 1),
            slots_used=round(mean(used), 3),
            worker_cores=round((group.cpu() - cpu) / took, 2),
            broker_cores=round(broker / took, 2),
        )


@click.command(epilog="Example:  python -m benchmarks.workers --rounds 1")
@click.option(
    "--workers",
    "numbers",
    multiple=True,
    default=(1, 2, 4),
    show_default=True,
    type=click.IntRange(1, 8),
    help="Of one group; may be given several times.",
)
@click.option("--rounds", default=3, show_default=True, help="Of each, in turn; medians are told.")
def main(numbers: tuple[int, ...], rounds: int) -> None:
    """Measure several workers beside one."""
    found = _measure_all(numbers, rounds)
    medians_by = {number: medians(of) for number, of in found.items()}
    least = medians_by[min(numbers)]["rate"] / min(numbers)
    ratios = {number: round(of["rate"] / least, 2) for number, of in medians_by.items()}
    plan = {"calls": CALLS, "latency_s": LATENCY, "seconds": SECONDS, "rounds": rounds}
    result = {"plan": plan, "by_workers": medians_by, "of_one_worker": ratios}
    conclude(result)


def _measure_all(numbers: Sequence[int], rounds: int) -> dict[int, list[Steady]]:
    found: dict[int, list[Steady]] = {number: [] for number in numbers}
    with running_scene(LATENCY) as scene:
        for _ in range(rounds):
            for number in numbers:
                found[number].append(measure(scene, number))
                tell(f"{number} workers: {found[number][-1]}")
    return found


if __name__ == "__main__":
    main()
