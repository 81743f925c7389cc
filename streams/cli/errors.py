"""``ticket-streams errors``: what went wrong, by the books of all workers."""

from collections.abc import Mapping
from typing import Any

import click
from rich.table import Table

from streams.audit.books import ErrorKey, load_books
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

COLUMNS = ("window", "stage", "type")


@click.command(name="errors")
@click.option(
    "--by",
    "columns",
    type=click.Choice(COLUMNS),
    multiple=True,
    default=("stage", "type"),
    show_default=True,
    help="What to tell apart; may be given several times.",
)
@since_options
@json_option
def command(
    columns: tuple[str, ...], since: float | None, last: float | None, as_json: bool
) -> None:
    """Show how often what went wrong, summed over the whole group.

    Stages: decode (the event cannot be read), api (no answer), answer (not to be trusted),
    classify (the ticket as a whole). Windows are told by their start, in UTC.

    \b
    Examples:
      ticket-streams errors --last 1h
      ticket-streams errors --by window --by type
    """
    start = since_of(since, last)
    settings = load()
    books = run(load_books(settings.bootstrap_servers, topics_of(settings)))
    groups = grouped(books.errors, columns, start - settings.window_seconds)
    total = sum(groups.values())
    if as_json:
        rows = [{**dict(zip(columns, key, strict=True)), "errors": n} for key, n in groups.items()]
        print_json({"rows": rows, "total": total})
        return
    table = Table(show_footer=True)
    for number, column in enumerate(columns):
        table.add_column(column, footer="" if number else "total")
    table.add_column("errors", footer=f"{total:,}", justify="right")
    for key, count in groups.items():
        values = [utc(v) if c == "window" else v for c, v in zip(columns, key, strict=True)]
        table.add_row(*values, f"{count:,}")
    console().print(table)


def grouped(
    errors: Mapping[ErrorKey, int], columns: tuple[str, ...], after: float
) -> dict[tuple[Any, ...], int]:
    """Counts of windows that began after ``after`` (epoch seconds), by ``columns``; sorted."""
    groups: dict[tuple[Any, ...], int] = {}
    for key, count in errors.items():
        if key.start > after:
            values = {"window": key.start, "stage": key.stage, "type": key.error_type}
            group = tuple(values[column] for column in columns)
            groups[group] = groups.get(group, 0) + count
    return dict(sorted(groups.items()))
