"""``ticket-streams spend``: what was spent, by the books of all workers."""

from collections.abc import Mapping
from typing import Any

import click
from rich.table import Table

from streams.audit.books import SpendKey, load_books
from streams.books.money import dollars
from streams.books.rows import SpendRow
from streams.cli.common import (
    console,
    json_option,
    load,
    print_json,
    run,
    since_of,
    since_options,
    topics_of,
    utc,
)

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
@click.option(
    "--by",
    "columns",
    type=click.Choice(COLUMNS),
    multiple=True,
    default=("model", "category"),
    show_default=True,
    help="What to tell apart; may be given several times.",
)
@since_options
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
    start = since_of(since, last)
    settings = load()
    books = run(load_books(settings.bootstrap_servers, topics_of(settings)))
    groups = grouped(books.spend, columns, start - settings.window_seconds)
    total = SpendRow()
    for row in groups.values():
        total = total.plus(row)
    if as_json:
        rows = [{**_named(columns, key), **row._asdict()} for key, row in groups.items()]
        print_json({"rows": rows, "total": total._asdict()})
    else:
        console().print(_table(columns, groups, total))


def grouped(
    spend: Mapping[SpendKey, SpendRow], columns: tuple[str, ...], after: float
) -> dict[tuple[Any, ...], SpendRow]:
    """Rows of windows that began after ``after`` (epoch seconds), summed by ``columns``; sorted."""
    groups: dict[tuple[Any, ...], SpendRow] = {}
    for key, row in spend.items():
        if key.start > after:
            values = {"window": key.start, "model": key.model, "category": key.category}
            group = tuple(values[column] for column in columns)
            groups[group] = groups.get(group, SpendRow()).plus(row)
    return dict(sorted(groups.items()))


def _named(columns: tuple[str, ...], key: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(columns, key, strict=True))


def _table(
    columns: tuple[str, ...], groups: Mapping[tuple[Any, ...], SpendRow], total: SpendRow
) -> Table:
    table = Table(show_footer=True)
    for number, column in enumerate(columns):
        table.add_column(column, footer="" if number else "total")
    footer = _cells(total)
    for name, text in zip(NUMBERS, footer, strict=True):
        table.add_column(name, footer=text, justify="right")
    for key, row in groups.items():
        values = [utc(v) if c == "window" else v for c, v in zip(columns, key, strict=True)]
        table.add_row(*values, *_cells(row))
    return table


def _cells(row: SpendRow) -> list[str]:
    return [
        *(f"{number:,}" for number in row[:6]),
        dollars(row.picodollars),
        dollars(row.unsettled_picodollars),
    ]
