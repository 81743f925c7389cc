"""``ticket-streams verify``: does every promise hold?"""

import sys
from collections.abc import Sequence

import click
from rich.markup import escape
from rich.table import Table

from streams.audit.report import Report
from streams.audit.verify import collect
from streams.books.money import dollars
from streams.cli.account import read_account
from streams.cli.common import (
    console,
    json_option,
    load,
    print_json,
    run,
    topics_of,
)
from streams.cli.reading_bar import reading_bar
from streams.settings import Settings


@click.command(name="verify")
@click.option(
    "--account",
    "url",
    metavar="URL",
    help="Compare with the count of the stand-in API at this address too.",
)
@click.option(
    "--strict", is_flag=True, help="Calls that the API counted and no record tells of fail too."
)
@click.option(
    "--former-topic",
    "former",
    metavar="TOPIC",
    multiple=True,
    help="A topic that a category had before, where it is not named as usual. May be repeated.",
)
@json_option
def command(url: str | None, strict: bool, former: tuple[str, ...], as_json: bool) -> None:
    """Check every promise from the topics alone; exit 1 if one does not hold.

    Reads all topics, recomputes the books, and names what does not agree by its coordinates, ten
    of each kind. May be run while workers run: tickets and rows that change meanwhile are left for
    the next run.

    \b
    Examples:
      ticket-streams verify
      ticket-streams verify --json --account http://127.0.0.1:8082
    """
    report = run(_verify(load(), url, former, strict=strict, quiet=as_json))
    if as_json:
        print_json(report.as_json())
    else:
        _show(report)
    sys.exit(0 if report.ok else 1)


async def _verify(
    settings: Settings, url: str | None, former: Sequence[str], *, strict: bool, quiet: bool
) -> Report:
    with reading_bar(quiet=quiet) as tell:
        evidence = await collect(settings, topics_of(settings), tell, former)
    # Asked last: the API must have counted every call that was read.
    account = await read_account(url) if url else None
    return evidence.report(account, strict=strict)


def _show(report: Report) -> None:
    out = console()
    table = Table("", "promise", "expected", "found", "failures")
    for column in table.columns[2:]:
        column.justify = "right"
    for check in report.checks:
        mark = "[green]ok[/]" if check.ok else "[red]NO[/]"
        failures = f"{check.failures:,}" if check.failures else ""
        table.add_row(mark, check.promise, f"{check.expected:,}", f"{check.found:,}", failures)
    out.print(table)
    for check in report.checks:
        for culprit in check.culprits:
            out.print(f"[red]{check.name}[/]: {escape(culprit)}", soft_wrap=True)
        if check.failures > len(check.culprits):
            out.print(f"[red]{check.name}[/]: and {check.failures - len(check.culprits):,} more")
    skipped = f", {report.skipped:,} of them skipped" if report.skipped else ""
    out.print(
        f"{report.tickets:,} tickets in the input topic{skipped}, {report.unfinished:,} unfinished"
    )
    if report.others:
        out.print(f"{report.others:,} records of other installations in the same topics")
    if report.moving:
        out.print(f"{report.moving:,} tickets and rows changed meanwhile and were not judged")
    if report.unaccounted is not None:
        calls, money = report.unaccounted["calls"], dollars(report.unaccounted["picodollars"])
        out.print(f"The API counted {calls:,} calls and {money} that no record tells of")
    for note in report.notes:
        out.print(f"Note: {note}")
