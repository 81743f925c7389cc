"""``ticket-streams export``: daily spend for spreadsheets and cost tools."""

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from streams.audit.days import Days
from streams.audit.export import Calls, DailySpend
from streams.audit.focus import FocusSpend
from streams.audit.sheet import NoParquetError, csv_of, parquet_of
from streams.books.money import dollars
from streams.claude.prices import prices_of
from streams.cli.common import load, run, topics_of
from streams.cli.reading_bar import reading_bar
from streams.events.model import CallRecord

FORMATS = ("csv", "parquet", "focus", "focus-parquet")


class Zone(click.ParamType):
    """A time zone by its IANA name."""

    name = "zone"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tzinfo:
        """The zone. Fails with a usage error."""
        if value == "UTC":  # without the system's zone data too
            return UTC
        try:
            return ZoneInfo(str(value))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(f"{value!r} is not a time zone like UTC or Europe/Berlin", param, ctx)


def _date(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(name="export")
@click.option("--from", "first", type=_DAY, metavar="DAY", callback=_date, help="First day.")
@click.option("--to", "last", type=_DAY, metavar="DAY", callback=_date, help="Last day, included.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    default="csv",
    show_default=True,
    help="focus: the columns of FOCUS 1.2, as CSV; Parquet needs ticket-streams[parquet].",
)
@click.option(
    "--time-zone", "zone", type=Zone(), default="UTC", show_default=True, help="Whose days."
)
@click.option(
    "--billing-account", metavar="ID", help="BillingAccountId of FOCUS. [default: the app id]"
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to; standard output if not given.",
)
def command(
    first: date | None,
    last: date | None,
    kind: str,
    zone: tzinfo,
    billing_account: str | None,
    out: Path | None,
) -> None:
    """Export what was spent each day, from the call records of the whole group.

    A row is a day, model, tier and category; with focus a day, model, kind of token and unit price.
    Days are those on which calls ended. Money is exact: whole pico-dollars, and dollars with 12
    decimal places; together the rows are the books. Unsettled money is in no row of focus.

    \b
    Examples:
      ticket-streams export --from 2026-11-01 --to 2026-11-30 --out november.csv
      ticket-streams export --format focus --billing-account org-1234 --out focus.csv
      ticket-streams export --format parquet --time-zone Europe/Berlin --out spend.parquet
    """
    if first and last and last < first:
        raise click.UsageError("--to is before --from")
    parquet = kind.endswith("parquet")
    if parquet and out is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal: give --out FILE")
    settings = load()
    days = Days(zone, first, last)
    spend, focus = DailySpend(days), FocusSpend(days, prices_of(settings))
    calls = Calls(settings, topics_of(settings))
    if kind.startswith("focus"):
        run(_read(calls, [spend.add, focus.add]))
        sheet = focus.sheet(settings.app_id, billing_account or settings.app_id)
    else:
        run(_read(calls, [spend.add]))
        sheet = spend.sheet()
    try:
        data = parquet_of(sheet) if parquet else csv_of(sheet)
        with click.open_file(str(out or "-"), "wb", atomic=out is not None) as file:
            file.write(data)
    except NoParquetError as error:
        raise click.ClickException(f"--format {kind}: {error}") from None
    except OSError as error:
        raise click.ClickException(f"--out {out}: {error.strerror}") from None
    _report(len(sheet.rows), spend, calls, days)


async def _read(calls: Calls, adders: Iterable[Callable[[CallRecord], None]]) -> None:
    with reading_bar(quiet=False) as on_progress:
        async for call in calls.read(on_progress):
            for add in adders:
                add(call)


def _report(rows: int, spend: DailySpend, calls: Calls, days: Days) -> None:
    """What was exported and what may be missing, on standard error."""
    total = spend.total()
    settled, unsettled = dollars(total.picodollars), dollars(total.unsettled_picodollars)
    click.echo(f"{rows:,} rows: {settled}, and at most {unsettled} unsettled", err=True)
    oldest = None if calls.oldest is None else Days(days.zone).of(calls.oldest)
    if oldest and (days.first is None or days.first <= oldest):
        click.echo(
            f"Note: older calls are gone from their topic (its retention): {oldest} may be "
            "incomplete, and days before it are missing",
            err=True,
        )
    if calls.unreadable:
        click.echo(
            f"Note: {len(calls.unreadable):,} records are no calls of ours and were left out, such "
            f"as {calls.unreadable[0]}: see ticket-streams verify",
            err=True,
        )
