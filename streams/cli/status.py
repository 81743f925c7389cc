"""``ticket-streams status``: how it goes, at one look."""

import time

import click
from rich.markup import escape
from rich.table import Table

from streams.audit.budget_use import BudgetUse
from streams.audit.overview import RATE_SECONDS, Overview, read_overview
from streams.books.money import dollars
from streams.cli.common import console, json_option, load, print_json, run

MOST_ERRORS = 5
"""Types of errors that are told."""
LATELY = f"in the last {RATE_SECONDS // 60} minutes"


@click.command(name="status")
@json_option
def command(as_json: bool) -> None:
    """Show tickets, speed, spend, errors and workers at one look.

    Only committed numbers count; no worker is asked. Today and this hour are in UTC.

    \b
    Examples:
      ticket-streams status
      ticket-streams status --json
    """
    settings = load()
    found = run(read_overview(settings, time.time()))
    if as_json:
        print_json({"app_id": settings.app_id, **found.as_json()})
        return
    console().print(as_table(lines_of(settings.app_id, found)))
    if found.group.members:
        console().print(workers_of(found))


def as_table(lines: list[tuple[str, str]]) -> Table:
    """Names and what is said of them."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, text in lines:
        table.add_row(f"[bold]{name}", escape(text))
    return table


def lines_of(app_id: str, found: Overview) -> list[tuple[str, str]]:
    """The look, line by line."""
    today, hour = found.today, found.hour
    errors = [f"{n:,} {stage} {kind}" for (stage, kind), n in found.errors_hour.items()]
    more = [f"{len(errors) - MOST_ERRORS} more types"] if len(errors) > MOST_ERRORS else []
    return [
        ("group", f"{app_id} {_state(found)}"),
        ("waiting", _waiting(found)),
        ("routed", f"{today.tickets:,} today, {hour.tickets:,} this hour"),
        ("speed", f"{found.per_minute:,.1f} a minute {LATELY}"),
        ("spend", f"{dollars(today.picodollars)} today, {dollars(hour.picodollars)} this hour"),
        ("unsettled", f"{dollars(today.unsettled_picodollars)} today, at most"),
        *((use.name, _use(use)) for use in found.budgets),
        ("errors", ", ".join([*errors[:MOST_ERRORS], *more]) or "none this hour"),
        (
            "dead letters",
            f"{found.dead_letters_today:,} today, {found.dead_letters_hour:,} this hour",
        ),
        ("skipped", f"{found.skipped_today:,} today, {found.skipped_hour:,} this hour"),
    ]


def _state(found: Overview) -> str:
    workers = len(found.group.members)
    if not workers:
        return "has no worker"
    return f"is {found.group.state}, {workers} worker{'s' if workers > 1 else ''}"


def _waiting(found: Overview) -> str:
    said = f"{found.group.waiting:,} events"
    if not found.group.waiting:
        return said
    left = found.minutes_left
    return f"{said}, about {left:,.0f} minutes" if left is not None else f"{said}, none is finished"


def _use(use: BudgetUse) -> str:
    part = 100 * use.spent / use.limit
    left = f"{dollars(use.left)} left" if use.left >= 0 else f"{dollars(-use.left)} too much"
    return f"{dollars(use.spent)} of {dollars(use.limit, 2)} ({part:.0f}%), {left}"


def workers_of(found: Overview) -> Table:
    """Each worker, its partitions and what waits there."""
    table, lag = Table("worker", "host", "partitions", "waiting"), found.group.lag
    for member in found.group.members:
        numbers = ", ".join(map(found.group.name, member.partitions)) or "none (spare)"
        waiting = sum(lag.get(number, 0) for number in member.partitions)
        table.add_row(escape(member.id), member.host, escape(numbers), f"{waiting:,}")
    return table
