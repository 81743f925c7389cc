"""``ticket-streams what-if``: the bill with other prices, models, or another threshold."""

import time

import click
from rich.table import Table

from streams.audit.records import Called, UnreadableError, read_item
from streams.audit.snapshot import open_snapshot
from streams.audit.what_if import Bill, Change, Comparison, Replay
from streams.books.money import dollars
from streams.claude.prices import NoPrice, PriceList, PricesError, price_list, prices_of
from streams.claude.tiers import NO_MODEL
from streams.cli.common import (
    Duration,
    Instant,
    console,
    json_option,
    load,
    print_json,
    run,
    topics_of,
)
from streams.cli.reading_bar import reading_bar
from streams.settings import Settings


@click.command(name="what-if")
@click.option("--model", help="Another model in the first tier.")
@click.option("--escalation-model", help='Another one in the second tier; "none" leaves it out.')
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Another confidence below which the second tier is asked.",
)
@click.option(
    "--prices",
    "file",
    type=click.Path(exists=True, dir_okay=False),
    help="Other prices: a TOML file as TICKET_STREAMS_PRICES_FILE is one.",
)
@click.option("--from", "since", type=Instant(), help="Only calls that ended then or later.")
@click.option("--to", "until", type=Instant(), help="Only calls that ended before.")
@click.option("--last", type=Duration(), help="Only the calls of the last 90s, 15m, 1h, 7d ...")
@json_option
def command(
    model: str | None,
    escalation_model: str | None,
    threshold: float | None,
    file: str | None,
    since: float | None,
    until: float | None,
    last: float | None,
    as_json: bool,
) -> None:
    """Show the bill as it would have been, beside the bill as it was.

    Replays the recorded calls; what they cannot tell is assumed, and the assumptions are printed
    with the result.

    \b
    Examples:
      ticket-streams what-if --model claude-sonnet-5-5 --last 7d
      ticket-streams what-if --threshold 0.8
      ticket-streams what-if --prices next-year.toml --from 2026-11-01
    """
    if last is not None and since is not None:
        raise click.UsageError("--from and --last exclude each other")
    settings = load()
    prices = _prices(settings, file)
    for option, name in (("--model", model), ("--escalation-model", escalation_model)):
        if name and (name != NO_MODEL or option == "--model") and not prices.known(name):
            raise click.ClickException(f"{option} {name}: it has no price; give one with --prices")
    start = time.time() - last if last is not None else since or 0.0
    replay = Replay(
        Change(model, escalation_model, threshold),
        prices,
        second_model=settings.escalation_model,
        cap=settings.escalation_cap,
        since=start * 1000,
        until=float("inf") if until is None else until * 1000,
    )
    try:
        run(_read(settings, replay, quiet=as_json))
    except NoPrice as unpriced:
        raise click.ClickException(f"{unpriced}: give one with --prices") from None
    found = replay.comparison()
    if as_json:
        print_json(found.as_json())
    else:
        _show(found)


def _prices(settings: Settings, file: str | None) -> PriceList:
    try:
        return prices_of(settings) if file is None else price_list(file)
    except PricesError as error:
        raise click.ClickException(f"--prices {file}: {error}") from None


async def _read(settings: Settings, replay: Replay, *, quiet: bool) -> None:
    topics = topics_of(settings)
    with reading_bar(quiet=quiet) as tell:
        async with open_snapshot(settings.kafka, on_progress=tell) as snapshot:
            _, sources = await snapshot.inputs(topics)
            ends = await snapshot.ends([topics.calls])
            await snapshot.expect(ends)
            async for record in snapshot.read(ends):
                try:
                    item = read_item(record, topics, sources=sources)
                except UnreadableError:
                    continue  # verify names it
                if isinstance(item, Called):
                    replay.add(item.call)


def _show(found: Comparison) -> None:
    out = console()
    table = Table("tier", "model", "tickets", "it was", "tickets", "it would be")
    for column in table.columns[2:]:
        column.justify = "right"
    was = {line[:2]: line for line in found.was.lines}
    would_be = {line[:2]: line for line in found.would_be.lines}
    for key in dict.fromkeys([*was, *would_be]):
        cells: list[str] = []
        for lines in (was, would_be):
            line = lines.get(key)
            cells += [f"{line.tickets:,}", dollars(line.picodollars)] if line else ["", ""]
        table.add_row(*key, *cells)
    table.add_section()
    table.add_row("all", "", *_total(found.was), *_total(found.would_be))
    table.add_row(
        "per 1,000 tickets",
        "",
        "",
        dollars(found.was.per_thousand),
        "",
        dollars(found.would_be.per_thousand),
    )
    out.print(table)
    out.print(
        f"{found.was.escalated:,} tickets were escalated; "
        f"{found.would_be.escalated:,} would have been"
    )
    for assumption in found.assumptions:
        out.print(f"Assumed: {assumption}", soft_wrap=True)


def _total(bill: Bill) -> list[str]:
    return [f"{bill.tickets:,}", dollars(bill.picodollars)]
