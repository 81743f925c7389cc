"""``ticket-streams spend``: what was spent, by the books of all workers."""

import click

from streams.audit.query import SPEND_DIMENSIONS
from streams.books.money import dollars
from streams.books.rows import SpendRow
from streams.cli.reports import Asked, Form, books_now, print_answer, report_options

HEADS = (
    "calls",
    "tickets",
    "input",
    "output",
    "cache write",
    "cache read",
    "cost",
    "unsettled",
)


def _cells(row: SpendRow) -> list[str]:
    return [
        *(f"{number:,}" for number in row[:6]),
        dollars(row.picodollars),
        dollars(row.unsettled_picodollars),
    ]


FORM = Form(SpendRow._asdict, SpendRow._asdict, HEADS, _cells)


@click.command(name="spend")
@report_options(SPEND_DIMENSIONS, default=("model", "category"))
def command(asked: Asked) -> None:
    """Show what classification has cost, summed over the whole group.

    Only committed numbers count, so they agree with what was routed. Windows are told by their
    start. Unsettled is the most that calls may have cost whose usage the API never told. Old
    windows are kept as hours, then as days (UTC): what would split one is refused.

    \b
    Examples:
      ticket-streams spend --last 1h
      ticket-streams spend --by category --every day --tz Europe/Berlin --since 2026-11-01
      ticket-streams spend --by tier --where category=billing --last 7d --csv
      ticket-streams spend --by model --every minute --over 60m --last 3h
    """
    print_answer(books_now().spend, asked, SpendRow(), SpendRow.plus, FORM)
