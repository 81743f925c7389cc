"""``ticket-streams spend``: what was spent, by the books of all workers."""

import click

from streams.audit.query import SPEND_DIMENSIONS, Query
from streams.audit.skips import read_skips
from streams.audit.snapshot import open_snapshot
from streams.books.money import dollars
from streams.books.rows import SpendRow
from streams.cli.common import load, run, topics_of
from streams.cli.reports import Asked, Form, books_now, print_answer, report_options
from streams.settings import Settings

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
    books = books_now()
    if asked.query.where:  # of what is skipped only the time is known
        print_answer(books.spend, asked, SpendRow(), SpendRow.plus, FORM)
        return
    skipped = run(_skipped(load(), asked.query))
    note = f"{skipped:,} events besides were skipped, without a call" if skipped else ""
    beside = {"skipped": skipped}
    print_answer(books.spend, asked, SpendRow(), SpendRow.plus, FORM, beside, note)


async def _skipped(settings: Settings, query: Query) -> int:
    async with open_snapshot(settings.kafka) as snapshot:
        skips = await read_skips(snapshot, topics_of(settings).skipped, query.since)
    return skips.within(query.since, query.until)
