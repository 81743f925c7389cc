"""``ticket-streams reconcile``: calls whose cost nobody knows, and what becomes of them."""

import time

import click
from rich.table import Table

from streams.books.money import dollars
from streams.cli.common import Duration, console, json_option, load, print_json, run, topics_of
from streams.delivery.reconcile import find_unsettled, write_off
from streams.events.model import CallRecord


@click.command(name="reconcile")
@click.option(
    "--older-than", type=Duration(), default="0s", help="Only calls begun so long ago: 90s, 1d ..."
)
@click.option(
    "--write-off", "off", is_flag=True, help="Take their bounds back. No worker may be running."
)
@json_option
def command(older_than: float, off: bool, as_json: bool) -> None:
    """List the calls that may have been charged and whose usage was never seen.

    Each stands in the books as unsettled, with the most that it can have cost. Compare them with
    the bill; what it does not show, or what you do not look for any longer, write off. Each call
    is written off once, however often you ask.

    \b
    Examples:
      ticket-streams reconcile --older-than 1d
      ticket-streams reconcile --older-than 30d --write-off
    """
    settings = load()
    topics = topics_of(settings)
    before = (time.time() - older_than) * 1000
    calls = [c for c in run(find_unsettled(settings, topics)) if c.started_at <= before]
    ended = run(write_off(settings, topics, {c.call_id for c in calls})) if off and calls else 0
    total = sum(call.unsettled_picodollars for call in calls)
    if as_json:
        rows = [_row(call) for call in calls]
        print_json({"calls": rows, "unsettled_picodollars": total, "written_off": ended})
        return
    table = Table("begun", "model", "outcome", "tickets", "at most", "call", show_footer=True)
    table.columns[0].footer, table.columns[4].footer = f"{len(calls)} calls", dollars(total)
    for call in calls:
        begun = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(call.started_at / 1000))
        bound = dollars(call.unsettled_picodollars)
        table.add_row(begun, call.model, call.outcome, str(len(call.shares)), bound, call.call_id)
    console().print(table)
    if off:
        click.echo(f"{ended} calls are written off.")


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
