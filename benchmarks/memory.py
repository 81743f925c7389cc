"""Does a worker's memory grow with the tickets that it has worked off?

    python -m benchmarks.memory                               # a million: some ten minutes
    python -m benchmarks.memory --tickets 300000 --batch-size 100

One worker, eight calls in flight to an API that answers after 50 ms, so that tickets wait and share
calls; they are sent as they are worked off, never more than 20,000 ahead, so that they come from
Kafka all the time. All texts differ: what is remembered of answered ones grows to its bound. The
resident set is read every 50,000 tickets, and its growth told from a quarter of the way on, when
tables and buffers have their size. Readable lines go to standard error; the last line of standard
output is one JSON object.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import click
import psutil

from benchmarks.peers.contenders import EXACTLY_ONCE, Contender, ours
from benchmarks.peers.measure import Run
from benchmarks.peers.scene import Sender, running_scene
from benchmarks.process import cpu_seconds
from benchmarks.report import conclude, tell

CHUNK = 5_000
AHEAD = 20_000
EVERY = 50_000
CALLS = 8
"""In flight: with more of them free, nothing would wait and share one."""
LATENCY = 0.05
PATIENCE = 120.0
"""Seconds without a ticket that are a failure."""


@dataclass(frozen=True, slots=True)
class Look:
    """The worker after so many tickets."""

    tickets: int
    rss_mb: float
    cpu_seconds: float


def growth(looks: Sequence[Look]) -> float:
    """Kilobytes of resident set per thousand tickets, from a quarter of the way on: least squares.

    Raises ValueError with fewer than two looks there.
    """
    later = [look for look in looks if look.tickets >= looks[-1].tickets / 4]
    if len(later) < 2:
        raise ValueError("fewer than two looks after a quarter of the way")
    mean = sum(look.tickets for look in later) / len(later)
    level = sum(look.rss_mb for look in later) / len(later)
    both = sum((look.tickets - mean) * (look.rss_mb - level) for look in later)
    return round(both / sum((look.tickets - mean) ** 2 for look in later) * 1e6, 2)


def watch(run: Run, tickets: int) -> list[Look]:
    """Send and wait until all are out; a look every so often."""
    looks: list[Look] = []
    run.start()
    process = psutil.Process(run.worker.pid)
    sent = out = 0
    moved = time.monotonic()
    while out < tickets:
        while sent < tickets and sent - out < AHEAD:
            count = min(CHUNK, tickets - sent)
            Sender(run.scene, run.topic, first=sent).send(count)
            sent += count
        new = len(run.outputs.poll(0.1))
        out += new
        if new:
            moved = time.monotonic()
        elif time.monotonic() - moved > PATIENCE:
            raise click.ClickException(f"nothing came for {PATIENCE:.0f} s:\n{run.tail}")
        run.check()
        if out >= EVERY * (len(looks) + 1) or out >= tickets:
            rss = round(process.memory_info().rss / 1e6, 1)
            looks.append(Look(out, rss, round(cpu_seconds(process), 1)))
            tell(f"{out:>9,} tickets: {rss} MB, {looks[-1].cpu_seconds} s of CPU")
    return looks


@click.command(epilog="Example:  python -m benchmarks.memory --tickets 300000")
@click.option("--tickets", default=1_000_000, show_default=True, type=click.IntRange(4 * EVERY))
@click.option("--batch-size", default=50, show_default=True, help="Most tickets of a call.")
def main(tickets: int, batch_size: int) -> None:
    """Watch a worker's resident set over many tickets."""
    worker = Contender("ours", "ours", EXACTLY_ONCE, ours(batch_size))
    with running_scene(LATENCY) as scene, Run(scene, worker, CALLS) as run:
        looks = watch(run, tickets)
        lost, doubled = tickets - len(run.outputs.seen), run.outputs.doubled
    found = {
        "tickets": tickets,
        "batch_size": batch_size,
        "rss_mb": {look.tickets: look.rss_mb for look in looks},
        "growth_kb_per_1000_tickets": growth(looks),
        "cpu_us_per_ticket": round(looks[-1].cpu_seconds / tickets * 1e6, 1),
        "lost": lost,
        "doubled": doubled,
    }
    conclude(found)


if __name__ == "__main__":
    main()
