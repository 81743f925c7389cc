"""``ticket-streams demo``: the whole thing on one machine, and a bill at the end."""

import asyncio
import json
import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from streams.books.money import dollars
from streams.local.demo import Demo, DemoFailedError
from streams.local.demo_report import DemoReport
from streams.local.kafka.errors import KafkaUnavailable
from streams.local.standin.process import StandInError
from streams.mapping.fields import ready_names
from streams.mapping.samples import samples_of
from streams.observe.logs import configure

TIERS = {
    "first": "by the first model",
    "escalation": "by the escalation model",
    "cache": "as identical tickets before",
    "none": "without a call",
}


@click.command()
@click.option(
    "--tickets",
    type=click.IntRange(1),
    help="How many.  [default: 2000; with --mapping 20 of each sample]",
)
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same tickets.")
@click.option(
    "--mapping",
    type=click.Choice(ready_names()),
    help="Events of this shape instead: samples of our own, through the ready-made mapping.",
)
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write JSON here.")
@click.option(
    "--stay/--no-stay",
    default=None,
    help="Stay up afterwards, dashboard included, until Ctrl-C.  [default: only in a terminal]",
)
def command(
    tickets: int | None, seed: int, mapping: str | None, report: Path | None, stay: bool | None
) -> None:
    """Run everything here: a real Kafka, a stand-in for Claude, a worker, the dashboard.

    Tickets of our own writing go through Kafka, are classified over HTTP by a process that speaks
    Claude's protocol (a simulation: it looks for keywords), and land in a topic of their category.
    At the end an audit reads the topics and compares the bill with the API's own count.
    Exits with 0 only if nothing was lost and the books agree. Leaves nothing behind.

    \b
    Examples:
      ticket-streams demo
      ticket-streams demo --tickets 500 --report build/report.json --no-stay
    """
    configure("CRITICAL")  # a topic that was just made is not everywhere at once: clients retry
    console = Console(highlight=False)
    demo = Demo(
        tickets or (20 * len(samples_of(mapping)) if mapping else 2_000),
        seed,
        on_step=lambda step: console.print(f"[dim]starting {step}[/dim]"),
        mapping=mapping,
    )
    try:
        found = asyncio.run(_run(demo, console, sys.stdout.isatty() if stay is None else stay))
    except (DemoFailedError, KafkaUnavailable, StandInError) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        raise click.ClickException("stopped before the end") from None
    show(found, console)
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps(found.as_json(), indent=2) + "\n")
    if not found.good:
        raise click.ClickException("the books do not agree, or tickets were lost or doubled")


async def _run(demo: Demo, console: Console, stay: bool) -> DemoReport:
    columns = (
        TextColumn("tickets finished"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:>5.0f}/s  lag {task.fields[lag]:>6,d}"),
        TimeElapsedColumn(),
    )
    began = time.monotonic()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None, rate=0.0, lag=0, start=False)

        def on_progress(finished: int, total: int) -> None:
            if not progress.tasks[0].started:
                progress.start_task(task)
            rate = finished / max(0.001, time.monotonic() - began)
            progress.update(task, total=total, completed=finished, rate=rate, lag=total - finished)

        async def linger() -> None:
            if stay:
                progress.stop()
                console.print(
                    f"\n  [bold]{demo.dashboard_url}[/bold]   the dashboard: open it and press the "
                    "buttons\n  It stays up; Ctrl-C ends it with its bill. In another terminal:"
                    f"\n\n  export KAFKA_BOOTSTRAP_SERVERS={demo.bootstrap}\n"
                    "  ticket-streams top   (or status, spend, verify; or send your own tickets)\n"
                )
                await _until_interrupted()

        return await demo.run(on_progress, linger)


async def _until_interrupted() -> None:
    import signal

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)


def show(report: DemoReport, console: Console) -> None:
    """The bill, and what was promised."""
    table = Table(title="The bill", title_justify="left")
    table.add_column("category")
    for name in ("tickets", "cost", "per 1,000 tickets"):
        table.add_column(name, justify="right")
    for category, count in report.routed.items():
        cost = report.cost_by_category.get(category, 0)
        each = dollars(cost * 1000 // count, 4) if count else ""
        table.add_row(category, f"{count:,}", dollars(cost), each)
    table.add_row("dead letters", f"{report.dead_letters:,}", "", "")
    if report.skipped:
        table.add_row("skipped, no tickets", f"{report.skipped:,}", "", "")
    table.add_section()
    routed = sum(report.routed.values())
    each = dollars(report.spend_picodollars * 1000 // routed, 4) if routed else ""
    table.add_row("all", f"{report.tickets:,}", dollars(report.spend_picodollars), each)
    console.print(table)
    tiers = ", ".join(f"{n:,} {TIERS[tier]}" for tier, n in sorted(report.tiers.items()))
    console.print(f"Answered: {tiers}")
    outcomes = ", ".join(f"{n:,} {name}" for name, n in sorted(report.calls.items()))
    console.print(
        f"Calls: {sum(report.calls.values()):,} ({outcomes}); the API counted {report.api_calls:,}"
    )
    console.print(
        f"Books: {report.spend_picodollars:,} pico-dollars; "
        f"the API's own account: {report.api_spend_picodollars:,}"
    )
    console.print(
        f"Lost: {report.lost}   Doubled: {report.duplicates}   "
        f"{report.tickets:,} tickets in {report.seconds:.1f} s"
    )
