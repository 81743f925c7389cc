"""What ``spend`` and ``errors`` share: the question to the books, and how the answer is printed."""

import csv
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from io import StringIO
from types import MappingProxyType
from typing import Any, Generic, TypeVar, get_args

import click
from rich.table import Table

from streams.audit.asked import query_of
from streams.audit.books import Books, load_books
from streams.audit.query import Answer, Every, Group, Query, QueryError, answer, page
from streams.cli.common import Command, console, load, print_json, run, topics_of

Key = TypeVar("Key", bound=tuple[Any, ...])
Row = TypeVar("Row")

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Asked:
    """The question, and how its answer is wanted."""

    query: Query
    limit: int | None
    cursor: str | None
    as_json: bool
    as_csv: bool


def report_options(
    dimensions: Sequence[str], default: Sequence[str]
) -> Callable[[Command], Command]:
    """Adds the options of a question about a table with these ``dimensions``; the command takes it
    as ``asked``."""

    def add(command: Command) -> Command:
        def ask(
            as_json: bool, as_csv: bool, limit: int | None, cursor: str | None, **words: Any
        ) -> Any:
            if as_json and as_csv:
                raise click.UsageError("--json and --csv exclude each other")
            try:
                query = query_of(dimensions, time.time(), **words)
            except QueryError as error:
                raise click.UsageError(str(error)) from None
            return command(asked=Asked(query, limit, cursor, as_json, as_csv))

        ask.__doc__ = command.__doc__
        options = [
            click.option(
                "--by",
                type=click.Choice(["window", *dimensions]),
                multiple=True,
                default=default,
                show_default=True,
                help="What to tell apart; may be given several times.",
            ),
            click.option("--every", type=click.Choice(get_args(Every)), help="Tell times apart."),
            click.option("--over", help="With --every: the sum of the last 60m ... at each time."),
            click.option("--since", help="Only from this time on (ISO, in --tz)."),
            click.option("--until", help="Only before this time (ISO, in --tz)."),
            click.option("--last", help="Only the last 90s, 15m, 1h, 7d ..."),
            click.option("--tz", "--time-zone", "tz", default="UTC", help="Whose hours and days."),
            click.option("--where", multiple=True, help="Only these, as category=billing."),
            click.option("--limit", type=click.IntRange(1), help="Most lines."),
            click.option("--cursor", help="After the page whose `next` this was."),
            click.option("--json", "as_json", is_flag=True, help="Print JSON for programs."),
            click.option("--csv", "as_csv", is_flag=True, help="Print CSV."),
        ]
        for option in reversed(options):
            ask = option(ask)
        return ask  # type: ignore[return-value]

    return add


def books_now() -> Books:
    """Raises ClickException for what a person can mend."""
    settings = load()
    return run(load_books(settings.kafka, topics_of(settings)))


@dataclass(frozen=True, slots=True)
class Form(Generic[Row]):
    """How rows of a table are printed."""

    numbers: Callable[[Row], dict[str, int]]
    """By name, for programs."""
    total: Callable[[Row], Any]
    """The total, as JSON has it."""
    heads: Sequence[str]
    cells: Callable[[Row], Sequence[str]]
    """For people, below ``heads``."""


def print_answer(
    rows: Mapping[Key, Row], asked: Asked, nothing: Row, plus: Callable[[Row, Row], Row],
    form: Form[Row], beside: Mapping[str, Any] = NOTHING, note: str = "",
) -> None:  # fmt: skip
    """What the rows answer, as it was asked for; ``beside`` goes into the JSON, ``note`` is for
    people. Raises UsageError."""
    try:
        found = answer(rows, asked.query, nothing, plus)
        groups, cursor = page(found, asked.limit, asked.cursor)
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    if asked.as_json:
        _print_json(found, groups, cursor, form, beside)
        return
    if asked.as_csv:
        click.echo(_csv(found.columns, groups, form, list(form.numbers(nothing))), nl=False)
    else:
        console().print(_table(found, groups, form, asked.query.zone))
    for said in (*found.notes, *([note] if note else [])):  # what table and CSV cannot say
        click.echo(f"note: {said}", err=True)
    if cursor:
        click.echo(f"more with --cursor {cursor}", err=True)


def _print_json(
    found: Answer[Row],
    groups: Mapping[Group, Row],
    cursor: str | None,
    form: Form[Row],
    beside: Mapping[str, Any],
) -> None:
    """Rows with their columns by name; windows as epoch seconds. ``notes`` and ``next`` are there
    only where they say something."""
    rows = [
        {**dict(zip(found.columns, group, strict=True)), **form.numbers(row)}
        for group, row in groups.items()
    ]
    more: dict[str, Any] = {"notes": list(found.notes)} if found.notes else {}
    more |= {"next": cursor} if cursor else {}
    print_json({"rows": rows, "total": form.total(found.total), **beside, **more})


def _csv(
    columns: Sequence[str], groups: Mapping[Group, Row], form: Form[Row], names: Sequence[str]
) -> str:
    """With a head line; windows by their start in UTC, money in whole pico-dollars."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*columns, *names])
    for group, row in groups.items():
        writer.writerow([*_shown(columns, group, UTC), *form.numbers(row).values()])
    return out.getvalue()


def _table(found: Answer[Row], groups: Mapping[Group, Row], form: Form[Row], zone: tzinfo) -> Table:
    """A line a group, and the total below. Windows are told by their start."""
    made = Table(show_footer=True)
    for at, column in enumerate(found.columns):
        made.add_column(column, footer="" if at else "total")
    for name, text in zip(form.heads, form.cells(found.total), strict=True):
        made.add_column(name, footer=text, justify="right")
    for group, row in groups.items():
        made.add_row(*map(str, _shown(found.columns, group, zone)), *form.cells(row))
    return made


def _shown(columns: Sequence[str], group: Group, zone: tzinfo) -> list[Any]:
    return [
        f"{datetime.fromtimestamp(value, zone):%Y-%m-%d %H:%M:%S}" if name == "window" else value
        for name, value in zip(columns, group, strict=True)
    ]
