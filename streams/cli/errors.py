"""``ticket-streams errors``: what went wrong, by the books of all workers."""

from operator import add

import click

from streams.cli.common import console, json_option, print_json
from streams.cli.reports import books_since, grouped, named, report_options, table

COLUMNS = ("window", "stage", "type")


@click.command(name="errors")
@report_options(COLUMNS, default=("stage", "type"))
@json_option
def command(
    columns: tuple[str, ...], since: float | None, last: float | None, as_json: bool
) -> None:
    """Show how often what went wrong, summed over the whole group.

    Stages: decode (the event cannot be read), api (no answer), answer (not to be trusted; one for
    each ticket of the call), classify (the ticket as a whole). Windows are told by their start, in
    UTC.

    \b
    Examples:
      ticket-streams errors --last 1h
      ticket-streams errors --by window --by type
    """
    books, after = books_since(since, last)
    groups = grouped(books.errors, columns, after, add)
    total = sum(groups.values())
    if as_json:
        rows = [{**named(columns, group), "errors": count} for group, count in groups.items()]
        print_json({"rows": rows, "total": total})
    else:
        lines = {group: [f"{count:,}"] for group, count in groups.items()}
        console().print(table(columns, ["errors"], lines, [f"{total:,}"]))
