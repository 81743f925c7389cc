"""Ours and what a user would write instead, side by side: one broker, one API, one run.

    python -m benchmarks.peers.run                      # all, three rounds: about 8 minutes
    python -m benchmarks.peers.run --short              # one round of few tickets, no kills
    python -m benchmarks.peers.run --only ours,sdk-aiohttp --out build/table.md

Readable lines go to standard error; the last line of standard output is one JSON object. ``--out``
is a Markdown file with a place for the table, docs/benchmarks.md for example.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from benchmarks.peers.contenders import ALL, BuildError, Contender
from benchmarks.peers.measure import (
    ContenderError,
    Killed,
    Latency,
    Throughput,
    added_latency,
    killed,
    throughput,
)
from benchmarks.peers.report import table, write_into
from benchmarks.peers.scene import Scene, running_scene
from benchmarks.report import conclude, tell

MOST_SECONDS = 5.0
"""Of one throughput run, from its first ticket: the slowest would take a minute."""
SESSION_SECONDS = 6
"""After which Kafka takes the killed process for dead."""
PACE = 100.0
"""Tickets a second for the added latency: every contender is idle most of the time."""


@dataclass(slots=True)
class Found:
    """What was measured of one contender; ``troubles`` says what could not be."""

    throughput: list[Throughput] = field(default_factory=list)
    latency: Latency | None = None
    killed: Killed | None = None
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int
    tickets: int
    calls: int
    kills: bool

    def calls_of(self, one: Contender) -> int:
        """In flight: a tenth where tickets share calls, which free slots would leave empty."""
        return self.calls if one.group == 1 else max(1, self.calls // 10)


def measure_all(scene: Scene, contenders: Sequence[Contender], plan: Plan) -> dict[str, Found]:
    """Round by round, so that a machine that is busy for a while is so for all."""
    found = {one.name: Found() for one in contenders}

    def attempt(one: Contender, what: str, do: Callable[[], object]) -> None:
        try:
            tell(f"{one.name}: {what}: {do()}")
        except (ContenderError, TimeoutError) as error:
            found[one.name].troubles.append(f"{what}: {error}")
            tell(f"{one.name}: {what}: {error}")

    def rate(one: Contender) -> Throughput:
        tickets = plan.tickets * (6 if one.group > 1 else 1)  # else it is over in a second
        done = throughput(scene, one, tickets, plan.calls_of(one), MOST_SECONDS)
        found[one.name].throughput.append(done)
        return done

    def lateness(one: Contender) -> Latency:
        done = added_latency(scene, one, plan.tickets // 8, plan.calls_of(one), PACE)
        found[one.name].latency = done
        return done

    def kill(one: Contender) -> Killed:
        done = killed(scene, one, plan.tickets // 2, plan.calls_of(one), SESSION_SECONDS)
        found[one.name].killed = done
        return done

    for number in range(plan.rounds):
        for one in contenders:
            attempt(one, f"round {number + 1}", lambda one=one: rate(one))  # type: ignore[misc]
    for one in contenders:
        attempt(one, "latency", lambda one=one: lateness(one))  # type: ignore[misc]
        if plan.kills:
            attempt(one, "kill -9", lambda one=one: kill(one))  # type: ignore[misc]
    return found


def ready(names: Sequence[str]) -> list[Contender]:
    """Those that are wanted and can be had here, built."""
    out = []
    for one in ALL:
        if names and one.name not in names:
            continue
        if (why := one.missing()) is not None:
            tell(f"{one.name}: left out: {why}")
            continue
        try:
            one.prepare()
        except (BuildError, OSError) as error:
            tell(f"{one.name}: left out: {error}")
        else:
            out.append(one)
    return out


@click.command(epilog="Example:  python -m benchmarks.peers.run --only ours,sdk-aiohttp")
@click.option("--rounds", default=3, show_default=True, help="Throughput runs of each.")
@click.option("--tickets", default=3_000, show_default=True, help="Tickets of one run.")
@click.option("--calls", default=200, show_default=True, help="Calls in flight.")
@click.option("--latency", default=0.1, show_default=True, help="Seconds of each call.")
@click.option("--only", default="", help="Names, with commas: " + ", ".join(c.name for c in ALL))
@click.option("--short", is_flag=True, help="One round of 1,000 tickets, and no kills.")
@click.option("--out", type=click.Path(path_type=Path), help="Markdown file to put the table into.")
def main(
    rounds: int,
    tickets: int,
    calls: int,
    latency: float,
    only: str,
    short: bool,
    out: Path | None,
) -> None:
    """Compare ticket-streams with consumers written by hand and with other frameworks."""
    plan = Plan(1, 1_000, calls, kills=False) if short else Plan(rounds, tickets, calls, kills=True)
    contenders = ready([name for name in only.split(",") if name])
    with running_scene(latency) as scene:
        found = measure_all(scene, contenders, plan)
    text = table(contenders, found, plan, latency)
    tell(text)
    if out is not None:
        write_into(out, text)
    results = {name: asdict(one) for name, one in found.items()}
    plan_told = {**asdict(plan), "latency_s": latency}
    conclude({"plan": plan_told, "found": results})


if __name__ == "__main__":
    main()
