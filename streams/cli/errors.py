"""``ticket-streams errors``: what went wrong, by the books of all workers."""

from operator import add

import click

from streams.audit.query import ERROR_DIMENSIONS
from streams.cli.common import console
from streams.cli.reports import (
    Asked,
    answered,
    books_now,
    csv_text,
    print_answer_json,
    report_options,
    table,
    tell_notes,
)


@click.command(name="errors")
@report_options(ERROR_DIMENSIONS, default=("stage", "type"))
def command(asked: Asked) -> None:
    """Show how often what went wrong, summed over the whole group.

    Stages: decode (the event cannot be read), api (no answer), answer (not to be trusted; one for
    each ticket of the call), classify (the ticket as a whole). Windows are told by their start; old
    ones are kept as hours, then as days (UTC).

    \b
    Examples:
      ticket-streams errors --last 1h
      ticket-streams errors --by type --every hour --last 1d
    """
    found, groups, cursor = answered(books_now().errors, asked, 0, add)
    if asked.as_json:
        print_answer_json(found, groups, cursor, lambda count: {"errors": count}, found.total)
        return
    if asked.as_csv:
        counts = {group: [count] for group, count in groups.items()}
        click.echo(csv_text(found.columns, counts, ["errors"]), nl=False)
    else:
        lines = {group: [f"{count:,}"] for group, count in groups.items()}
        total = [f"{found.total:,}"]
        console().print(table(found.columns, ["errors"], lines, total, asked.query.zone))
    tell_notes(found, cursor)
