"""The command: see ``--help``."""

import asyncio
import logging
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.faults.campaign.fault import Fault, Makes, Place
from tests.faults.campaign.place import one_broker
from tests.faults.campaign.plan import Together, plan, seconds
from tests.faults.campaign.registry import faults
from tests.faults.campaign.report import Campaign, complaint
from tests.faults.campaign.rounds import Round, play

LOGS = "faults-logs"


class Places:
    """The usual place stays open; another one until a round needs yet another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all = ExitStack()
        self._others = self._all.enter_context(ExitStack())
        self._usual: Place | None = None
        self._other: tuple[Makes, Place] | None = None
        self._opened = 0

    async def of(self, together: Together) -> Place:
        """The place that these faults need. It blocks while the place opens."""
        makes = next((fault.needs for fault in together if fault.needs), one_broker)
        if makes is one_broker:
            if self._usual is None:
                self._usual = self._all.enter_context(one_broker(self._new()))
            return self._usual
        if self._other is None or self._other[0] is not makes:
            self._other = None
            await asyncio.to_thread(self._others.close)
            place = await asyncio.to_thread(self._others.enter_context, makes(self._new()))
            self._other = (makes, place)
        return self._other[1]

    def close(self) -> None:
        """Ends all."""
        self._all.close()

    def _new(self) -> Path:
        self._opened += 1
        return self._folder / f"place-{self._opened}"


async def campaign(
    chosen: list[Fault], limit: float, seed: int, out: Path, only_round: int | None
) -> list[Round]:
    """Rounds until the seconds are over, or the one of that number."""
    rounds: list[Round] = []
    began = time.monotonic()
    shortest = min(seconds((fault,)) for fault in chosen)
    console = Console(stderr=True)
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
    )
    with tempfile.TemporaryDirectory(prefix="ticket-streams-faults-") as data, progress:
        folder = Path(data)
        places = Places(folder)
        bar = progress.add_task("Kafka", total=limit)
        try:
            for number, together in enumerate(plan(chosen, seed), 1):
                if only_round not in (None, number):
                    continue
                spent = time.monotonic() - began
                if rounds and (only_round or spent + shortest > limit):
                    break
                if rounds and spent + seconds(together) > limit:
                    continue
                name = " + ".join(fault.name for fault in together)
                progress.update(bar, completed=spent, description=name)
                logs = folder / f"round-{number}"
                played = await play(await places.of(together), together, f"{seed}-{number}", logs)
                rounds.append(played)
                if not played.ok:
                    shutil.copytree(logs, out / LOGS / f"round-{played.seed}", dirs_exist_ok=True)
                shutil.rmtree(logs)
                verdict = "[green]ok" if played.ok else f"[red]{complaint(played)}"
                console.print(f"round {played.seed} {name} {played.seconds} s {verdict}")
        finally:
            places.close()
    return rounds


@click.command()
@click.option("--seconds", "limit", default=300.0, show_default=True, help="About how long.")
@click.option("--seed", default=1, show_default=True, help="Chooses all that is random.")
@click.option("--out", default=Path("build"), type=click.Path(path_type=Path), show_default=True)
@click.option("--only", multiple=True, metavar="NAME", help="Only these faults.")
@click.option("--round", "only_round", type=int, help="Only the round of this number.")
@click.option("--list", "listing", is_flag=True, help="List the faults.")
def main(
    limit: float,
    seed: int,
    out: Path,
    only: tuple[str, ...],
    only_round: int | None,
    *,
    listing: bool,
) -> None:
    """Break workers, broker and API at random under load, and compare everything afterwards.

    Writes faults.md and faults.json, and the logs of rounds that failed. Exit code 1 if a promise
    is broken.

    \b
    Example: python -m tests.faults.campaign --seconds 600 --seed 7 --only broker_killed
    """
    known = faults()
    if listing:
        for fault in known.values():
            click.echo(f"{fault.name:24} {fault.about}")
        return
    if unknown := [name for name in only if name not in known]:
        raise click.ClickException(f"there is no fault {unknown[0]}: see --list")
    chosen = [known[name] for name in only] or list(known.values())
    # Our own clients meet every fault as well, and say so by the thousand.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    began = time.monotonic()
    shutil.rmtree(out / LOGS, ignore_errors=True)
    rounds = asyncio.run(campaign(chosen, limit, seed, out, only_round))
    command = f"make faults SECONDS={limit:.0f} SEED={seed}"
    if only or only_round:
        command = f"python -m tests.faults.campaign {' '.join(sys.argv[1:])}"
    result = Campaign(command, seed, time.monotonic() - began, rounds)
    result.write(out)
    click.echo(result.markdown())
    sys.exit(not result.ok)


if __name__ == "__main__":
    main()
