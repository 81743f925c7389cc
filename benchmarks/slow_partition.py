"""One partition's calls take 5 s, those of the others 100 ms: what is left of the others' rate?

    python -m benchmarks.slow_partition                     # about two minutes

A worker with 50 calls in flight and a backlog in all of its 8 partitions; measured is the rate of
the seven others over a fixed time, with all partitions alike, and with a slow one. Equal turns
without equal shares would leave a ninth of it. Readable lines go to standard error; the last line
of standard output is one JSON object.
"""

import json
import time

import click

from benchmarks.peers.contenders import EXACTLY_ONCE, Contender, ours
from benchmarks.peers.measure import START_SECONDS, Run
from benchmarks.peers.scene import PARTITIONS, NumberedSender, running_scene
from benchmarks.rig import environment

WORKER = Contender("ours", "ours", EXACTLY_ONCE, ours(1, max_pending=1_000))
CALLS = 50
LATENCY = 0.1
SLOW = 5.0
WARM = 8.0
"""Seconds: by then the slow one has all that it can get."""
SECONDS = 15.0
TICKETS = 24_000
"""More than can be worked off until the end."""


def others_rate(slow: bool) -> float:
    """Tickets a second of all partitions but the first."""
    more = ("--slow", str(SLOW), "--slow-every", str(PARTITIONS)) if slow else ()
    with running_scene(LATENCY, 1, *more) as scene, Run(scene, WORKER, CALLS) as run:
        NumberedSender(scene, run.topic).send(TICKETS)
        run.start()
        deadline = time.monotonic() + START_SECONDS
        while not run.outputs.poll(0.05):
            if time.monotonic() > deadline:
                raise click.ClickException(f"nothing came out:\n{run.tail}")
        _poll_for(run, WARM)
        before, began = _others(run), time.monotonic()
        _poll_for(run, SECONDS)
        return round((_others(run) - before) / (time.monotonic() - began), 1)


def _poll_for(run: Run, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        run.outputs.poll(0.05)
        run.worker  # noqa: B018  raises where it has ended


def _others(run: Run) -> int:
    return sum(number % PARTITIONS != 0 for number in run.outputs.seen)


@click.command(epilog="Example:  python -m benchmarks.slow_partition")
def main() -> None:
    """Measure what a slow partition takes from the others."""
    rates = {}
    for name, slow in (("alike", False), ("one_slow", True)):
        rates[name] = others_rate(slow)
        click.echo(f"{name}: {rates[name]} tickets a second of the others", err=True)
    ratio = round(rates["one_slow"] / rates["alike"], 2)
    click.echo(json.dumps({"others": rates, "ratio": ratio, "versions": environment()}))


if __name__ == "__main__":
    main()
