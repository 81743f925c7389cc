"""``ticket-streams reconcile``: calls whose cost nobody knows, and what becomes of them."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.table import Table

from streams.audit.account import Charged
from streams.books.closing import SettleError, unpriced
from streams.books.money import dollars
from streams.cli.account import read_account
from streams.cli.common import (
    Duration,
    console,
    json_option,
    load,
    print_json,
    run,
    topics_of,
    utc,
)
from streams.events.model import CallRecord

MOST_LISTED = 40
"""Calls on the screen. An outage leaves as many as were in flight; the sum is of all."""


@click.command(name="reconcile")
@click.option(
    "--older-than", type=Duration(), default="0s", help="Only calls begun so long ago: 90s, 1d ..."
)
@click.option("--write-off", "off", is_flag=True, help="Take their bounds back.")
@click.option(
    "--settle",
    is_flag=True,
    help="Book what the API's account says that they cost. Needs --account.",
)
@click.option(
    "--account",
    "place",
    metavar="URL|FILE",
    help="For --settle: the stand-in API's address, or a file in the form of its account.",
)
@click.option(
    "--reprice", "again", is_flag=True, help="Book calls that had no price, and have one now."
)
@json_option
def command(
    older_than: float, off: bool, settle: bool, place: str | None, again: bool, as_json: bool
) -> None:
    """List the calls that may have been charged and whose cost is not known.

    Each stands in the books as unsettled, with the most that it can have cost. What becomes of them
    is up to you, and needs the workers stopped; each call is closed once, however often you ask:

    \b
    --settle      what the API charged for a model, less what is settled, is what its unsettled
                  calls cost: that sum is exact; each call gets its part by its bound
    --reprice     calls of a model that had no price, now that the prices file has one
    --write-off   what the bill does not show, or you do not look for any longer

    \b
    Examples:
      ticket-streams reconcile --older-than 1d
      ticket-streams reconcile --settle --account bill.json
      ticket-streams reconcile --reprice
      ticket-streams reconcile --older-than 30d --write-off
    """
    if off + settle + again > 1:
        raise click.UsageError("one of --write-off, --settle and --reprice at a time")
    if settle != (place is not None):
        raise click.UsageError("--settle and --account belong together")
    if older_than and (settle or again):
        raise click.UsageError("--older-than is for the list and for --write-off")
    from streams.delivery import reconcile

    settings = load()
    topics = topics_of(settings)
    made: list[CallRecord] = []
    problems: list[str] = []
    if place is not None:
        charged = _charged(place)
        try:
            made, problems = run(reconcile.settle(settings, topics, charged))
        except SettleError as error:
            raise click.ClickException(f"--account {place}: {error}") from None
    elif again:
        made = run(reconcile.reprice(settings, topics))
    before = (time.time() - older_than) * 1000
    unsettled = run(reconcile.find_unsettled(settings, topics))
    calls = [call for call in unsettled if call.started_at <= before]
    problems += _without_price(calls) if again else []
    ended = 0
    if off and calls:
        ended = run(reconcile.write_off(settings, topics, {call.call_id for call in calls}))
    if as_json:
        print_json(_as_json(calls, made, problems, ended))
    else:
        _show(calls)
        if off:
            click.echo(f"{ended} calls are written off.")
        elif settle or again:
            cost = dollars(sum(record.cost_picodollars for record in made))
            click.echo(f"{len(made)} calls are {'settled' if settle else 'repriced'}: {cost}.")
    for problem in problems:
        click.echo(f"Not {'settled' if settle else 'repriced'}: {problem}", err=True)
    sys.exit(1 if problems else 0)


def _without_price(calls: Sequence[CallRecord]) -> list[str]:
    """What is missing, in words."""
    models = sorted({call.model for call in calls if unpriced(call)})
    return [f"{model} has no price: give it one (TICKET_STREAMS_PRICES_FILE)" for model in models]


def _charged(place: str) -> Charged:
    """The account at an address, or in a file."""
    try:
        if place.startswith(("http://", "https://")):
            return Charged.of(run(read_account(place)))
        return Charged.of(json.loads(Path(place).read_text("utf-8")))
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.ClickException(f"--account {place}: cannot be read: {reason}") from None
    except ValueError as error:
        raise click.ClickException(f"--account {place}: {error}") from None


def _show(calls: Sequence[CallRecord]) -> None:
    table = Table("begun", "model", "outcome", "tickets", "at most", "call", show_footer=True)
    total = sum(call.unsettled_picodollars for call in calls)
    table.columns[0].footer, table.columns[4].footer = f"{len(calls)} calls", dollars(total)
    for call in calls[-MOST_LISTED:]:
        bound = dollars(call.unsettled_picodollars)
        begun, tickets = utc(call.started_at / 1000), str(len(call.shares))
        table.add_row(begun, call.model, call.outcome, tickets, bound, call.call_id)
    console().print(table)
    if (older := len(calls) - MOST_LISTED) > 0:
        click.echo(f"The {older:,} that began before these are not listed: --json has all.")


def _as_json(
    calls: Sequence[CallRecord], made: Sequence[CallRecord], problems: Sequence[str], ended: int
) -> dict[str, object]:
    return {
        "calls": [_row(call) for call in calls],
        "unsettled_picodollars": sum(call.unsettled_picodollars for call in calls),
        "written_off": ended,
        "closed": [
            {"call_id": record.call_id, "picodollars": record.cost_picodollars} for record in made
        ],
        "problems": list(problems),
    }


def _row(call: CallRecord) -> dict[str, object]:
    return {
        "call_id": call.call_id,
        "request_id": call.request_id,
        "started_at": call.started_at,
        "model": call.model,
        "tier": call.tier,
        "outcome": call.outcome,
        "tickets": len(call.shares),
        "source_partition": call.source_partition,
        "unsettled_picodollars": call.unsettled_picodollars,
    }
