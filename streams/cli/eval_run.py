"""The part of ``ticket-streams eval`` that a person watches: the price, the bar, Ctrl-C."""

import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import click
from rich.progress import MofNCompleteColumn, TaskID, TextColumn

from streams.books.money import dollars
from streams.claude.prices import prices_of
from streams.cli.common import progress
from streams.evaluate.estimate import estimate
from streams.evaluate.labels import Labelled
from streams.evaluate.plans import Plan
from streams.evaluate.run import Run, answers_as_stand_in, run
from streams.events.times import now_ms


@dataclass(slots=True)
class Asked:
    """What came of the plans, in their order."""

    runs: list[Run] = field(default_factory=list)
    simulated: bool = False
    interrupted: bool = False

    @property
    def trouble(self) -> str | None:
        """Why a run ended early, if not by Ctrl-C."""
        return next((one.trouble for one in self.runs if one.trouble), None)


def agree(tickets: Sequence[Labelled], plans: Sequence[Plan], *, yes: bool) -> None:
    """Say what it will cost, and ask. Raises ClickException where nobody can be asked."""
    now = now_ms()
    parts = [estimate(tickets, plan.asked, prices_of(plan.asked), now) for plan in plans]
    likely, most = sum(part.likely for part in parts), sum(part.most for part in parts)
    twice = " twice" if len(plans) > 1 else ""
    click.echo(
        f"{len(tickets):,} tickets{twice}: about {dollars(likely, 4)}, "
        f"at most {dollars(most, 4)} if no call must be made again",
        err=True,
    )
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.ClickException("nobody can be asked whether to go on: give --yes")
    click.confirm("Go on?", abort=True, err=True)


async def ask(tickets: Sequence[Labelled], plans: Sequence[Plan]) -> Asked:
    """Carry out the plans, one after the other; Ctrl-C ends them with what there is."""
    asked = Asked()
    stop = asyncio.Event()

    def interrupt() -> None:
        asked.interrupted = True
        stop.set()

    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
    # What holds the calls ends the run, and is said once, at the end.
    logging.getLogger("streams.claude.gate").setLevel(logging.CRITICAL)
    asked.simulated = any([await answers_as_stand_in(plan.asked) for plan in plans])
    with progress(MofNCompleteColumn(), TextColumn("{task.fields[cost]}")) as bar:
        for plan in plans:
            task = bar.add_task("", total=len(tickets), cost="")

            def tell(done: int, cost: int, task: TaskID = task) -> None:
                bar.update(task, completed=done, cost=dollars(cost, 4))

            asked.runs.append(await run(tickets, plan.asked, stop, tell))
            if stop.is_set():
                break
    return asked
