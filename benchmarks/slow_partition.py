"""One partition's calls take 5 s, those of the others 400 ms: what is left of the others' rate?

    python -m benchmarks.slow_partition                     # about two minutes

A worker with 16 calls in flight and a backlog in all of its 8 partitions; measured is the rate of
the seven others over a fixed time, with all partitions alike, and with a slow one. Equal turns
without equal shares would leave two fifths of it. Readable lines go to standard error; the last
line of standard output is one JSON object.
"""

import time

import click

from benchmarks.peers.contenders import EXACTLY_ONCE, Contender, ours
from benchmarks.peers.measure import START_SECONDS, Run
from benchmarks.peers.scene import PARTITIONS, NumberedSender, running_scene
from benchmarks.report import conclude, tell

WORKER = Contender("ours", "ours", EXACTLY_ONCE, ours(1))
CALLS = 16
LATENCY = 0.4
"""So that 40 calls a second at most are made: the machine is not the bound."""
SLOW = 5.0
WARM = 8.0
"""Seconds: by then the slow one has all that it can get."""
SECONDS = 20.0
TICKETS = 8_000
"""More than can be worked off until the end."""


def rates(slow: bool) -> dict[str, float]:
    """Tickets a second of the first partition, and of all the others."""
    more = ("--slow", str(SLOW), "--slow-every", str(PARTITIONS)) if slow else ()
    with running_scene(LATENCY, 1, *more) as scene, Run(scene, WORKER, CALLS) as run:
        NumberedSender(scene, run.topic).send(TICKETS)
        run.start()
        deadline = time.monotonic() + START_SECONDS
        while not run.outputs.poll(0.05):
            if time.monotonic() > deadline:
                raise click.ClickException(f"nothing came out:\n{run.tail}")
        _poll_for(run, WARM)
        before, began = _out(run), time.monotonic()
        _poll_for(run, SECONDS)
        took = time.monotonic() - began
        after = _out(run)
        return {name: round((after[name] - before[name]) / took, 1) for name in after}


def _poll_for(run: Run, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        run.outputs.poll(0.05)
        run.check()


def _out(run: Run) -> dict[str, int]:
    first = sum(number % PARTITIONS == 0 for number in run.outputs.seen)
    return {"first": first, "others": len(run.outputs.seen) - first}


@click.command(epilog="Example:  python -m benchmarks.slow_partition")
def main() -> None:
    """Measure what a slow partition takes from the others."""
    alike = rates(slow=False)
    tell(f"all alike: {alike} tickets a second")
    one_slow = rates(slow=True)
    tell(f"the first is slow: {one_slow}")
    found = {"alike": alike, "one_slow": one_slow}
    ratio = round(one_slow["others"] / alike["others"], 2)
    conclude({**found, "ratio": ratio})


if __name__ == "__main__":
    main()
