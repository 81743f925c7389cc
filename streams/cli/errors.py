"""``ticket-streams errors``: what went wrong, by the books of all workers."""

from operator import add

import click

from streams.audit.query import ERROR_DIMENSIONS
from streams.cli.reports import Asked, Form, books_now, print_answer, report_options

FORM: Form[int] = Form(
    numbers=lambda count: {"errors": count},
    total=lambda count: count,
    heads=["errors"],
    cells=lambda count: [f"{count:,}"],
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
    print_answer(books_now().errors, asked, 0, add, FORM)
