"""``ticket-streams spend``: what was spent, by the books of all workers."""

import click

from streams.books.money import dollars
from streams.books.rows import SpendRow
from streams.cli.common import console, json_option, print_json
from streams.cli.reports import books_since, grouped, named, report_options, table

COLUMNS = ("window", "model", "category")
NUMBERS = (
    "calls",
    "tickets",
    "input",
    "output",
    "cache write",
    "cache read",
    "cost",
    "unsettled",
)


@click.command(name="spend")
@report_options(COLUMNS, default=("model", "category"))
@json_option
def command(
    columns: tuple[str, ...], since: float | None, last: float | None, as_json: bool
) -> None:
    """Show what classification has cost, summed over the whole group.

    Only committed numbers count, so they agree with what was routed. Windows are told by their
    start, in UTC. Unsettled is the most that calls may have cost whose usage the API never told.

    \b
    Examples:
      ticket-streams spend --last 1h
      ticket-streams spend --by window --by category --since 2026-11-21T09:00
    """
    books, after = books_since(since, last)
    groups = grouped(books.spend, columns, after, SpendRow.plus)
    total = SpendRow()
    for row in groups.values():
        total = total.plus(row)
    if as_json:
        rows = [{**named(columns, group), **row._asdict()} for group, row in groups.items()]
        print_json({"rows": rows, "total": total._asdict()})
    else:
        lines = {group: _cells(row) for group, row in groups.items()}
        console().print(table(columns, NUMBERS, lines, _cells(total)))


def _cells(row: SpendRow) -> list[str]:
    return [
        *(f"{number:,}" for number in row[:6]),
        dollars(row.picodollars),
        dollars(row.unsettled_picodollars),
    ]
