"""Does a ticket take the worker more than it did? Counted, not timed.

    make bench-check                          # fails above 15% more than the baseline
    python -m benchmarks.guard --update       # the baseline is what is counted now

The worker's own code takes the same tickets from Faust's hands to Kafka's batches (replay.py), and
instructions and native calls are counted by part (counting.py): the same numbers at every run of a
minor version of Python. Not seen is what a native call takes, nor aiohttp, aiokafka's requests and
Faust: benchmarks.parts and benchmarks.pipeline time those. Readable lines go to standard error; the
last line of standard output is one JSON object.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.guard import clock
from benchmarks.guard.compare import Change, Counted, Verdict, compare, total
from benchmarks.guard.counting import Counting

BASELINE = Path(__file__).with_name("baseline.json")
GROUPS = (25, 1)
"""Tickets a call."""
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def calibration_loop() -> int:
    """A fixed piece of plain Python: if this counts otherwise, so does everything."""
    found: dict[str, int] = {}
    for n in range(2_000):
        word = f"{n % 97}"
        found[word] = found.get(word, 0) + len(word)
    return max(found.values())


def count() -> Counted:
    """Count everything, once."""
    clock.install()
    # Only now: some functions of the worker have the clock as a default.
    from benchmarks.guard import replay  # noqa: PLC0415
    from benchmarks.guard.parts import PARTS  # noqa: PLC0415

    with Counting({"loop": [calibration_loop]}) as calibration:
        calibration_loop()
    by_group = {}
    for group in GROUPS:
        with_parts = Counting(PARTS)
        sent = replay.run(group, with_parts)
        tickets = replay.PARTITIONS * replay.TICKETS
        figures = {
            part: {name: round(value / tickets, 3) for name, value in found._asdict().items()}
            for part, found in with_parts.found.items()
        }
        figures["sent"] = {
            f"{name} sent": round(value / tickets, 3) for name, value in asdict(sent).items()
        }
        by_group[str(group)] = figures
    return Counted(calibration.found["loop"].instructions, by_group)


def read_baselines() -> dict[str, Any]:
    """By minor version of Python."""
    found: dict[str, Any] = json.loads(BASELINE.read_text("utf-8")) if BASELINE.is_file() else {}
    return found


def _show(now: Counted, verdict: Verdict | None) -> None:
    console = Console(stderr=True)
    before = {(c.group, c.part, c.figure): c for c in verdict.grown} if verdict else {}
    for group, figures in now.by_group.items():
        table = Table(title=f"A ticket, {group} a call", title_justify="left")
        for name in ("part", "instructions", "native calls"):
            table.add_column(name, justify="left" if name == "part" else "right")
        for part, of_part in figures.items():
            if part != "sent":
                cells = (_cell(before.get((group, part, n)), v) for n, v in of_part.items())
                table.add_row(part, *cells)
        whole = total(figures)
        table.add_section()
        table.add_row("all", f"{whole['instructions']:.0f}", f"{whole['native_calls']:.1f}")
        console.print(table)
        sent = (
            f"{name.removesuffix(' sent')} {value:g}" for name, value in figures["sent"].items()
        )
        console.print(f"sent: {', '.join(sent)}\n")


def _cell(grown: Change | None, value: float) -> str:
    return f"{value:.1f}" + (f" (was {grown.before:.1f})" if grown else "")


def _complaints(verdict: Verdict) -> Iterator[str]:
    for change in verdict.too_much:
        what = f"{change.figure.replace('_', ' ')} a ticket at {change.group} a call"
        yield f"{what}: {change.now:.1f}, {change.growth - 1:+.0%} beside {change.before:.1f}"
    for change in verdict.grown[:8] if verdict.too_much else ():
        more = f"{change.now - change.before:+.1f} {change.figure.replace('_', ' ')}"
        yield f"  grew: {change.part}, {more} ({change.group} a call)"


@click.command(epilog="Example:  python -m benchmarks.guard --update")
@click.option("--update", is_flag=True, help="Make what is counted now the baseline.")
def main(*, update: bool) -> None:
    """Compare what a ticket takes with the baseline; exit 1 where it is 15% more."""
    now = count()
    baselines = read_baselines()
    known = baselines.get(VERSION)
    verdict = compare(Counted(**known), now) if known else None
    _show(now, verdict)
    if update:
        baselines[VERSION] = asdict(now)
        BASELINE.write_text(json.dumps(baselines, indent=1) + "\n", "utf-8")
        click.echo(f"the baseline of Python {VERSION} is written", err=True)
    elif verdict is None:
        click.echo(f"there is no baseline for Python {VERSION}: --update writes one", err=True)
    else:
        for line in _complaints(verdict):
            click.echo(line, err=True)
    click.echo(json.dumps({"python": VERSION, **asdict(now)}))
    if verdict is not None and verdict.too_much and not update:
        sys.exit(1)


if __name__ == "__main__":
    main()
