"""What ``spend`` and ``errors`` share: windows of the books, since when, summed by columns."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click
from rich.table import Table

from streams.audit.books import Books, load_books
from streams.cli.common import Command, Duration, Instant, load, run, topics_of, utc

Key = TypeVar("Key", bound=tuple[Any, ...])
Row = TypeVar("Row")
Group = tuple[Any, ...]
"""The values of the columns asked for."""

FIELDS = {"window": "start", "type": "error_type"}
"""Columns that are called otherwise in the keys of the books."""


def report_options(columns: Sequence[str], default: Sequence[str]) -> Callable[[Command], Command]:
    """Adds ``--by`` for these columns, ``--since`` and ``--last``; see :func:`books_since`."""

    def add(command: Command) -> Command:
        last = click.option("--last", type=Duration(), help="Only the last 90s, 15m, 1h, 7d ...")
        since = click.option("--since", type=Instant(), help="Only from this time on (ISO, UTC).")
        by = click.option(
            "--by",
            "columns",
            type=click.Choice(columns),
            multiple=True,
            default=default,
            show_default=True,
            help="What to tell apart; may be given several times.",
        )
        return by(since(last(command)))

    return add


def books_since(since: float | None, last: float | None) -> tuple[Books, float]:
    """The books, and the time (epoch seconds) after which windows begin that are asked for.

    Raises UsageError if both are given, and ClickException for what a person can mend.
    """
    if since is not None and last is not None:
        raise click.UsageError("--since and --last exclude each other")
    start = time.time() - last if last is not None else since or 0.0
    settings = load()
    books = run(load_books(settings.kafka, topics_of(settings)))
    return books, start - settings.window_seconds


def grouped(
    rows: Mapping[Key, Row],
    columns: Sequence[str],
    after: float,
    plus: Callable[[Row, Row], Row],
) -> dict[Group, Row]:
    """Rows of windows that began after ``after`` (epoch seconds), summed by ``columns``; sorted."""
    groups: dict[Group, Row] = {}
    for key, row in rows.items():
        if getattr(key, FIELDS["window"]) > after:
            group = tuple(getattr(key, FIELDS.get(column, column)) for column in columns)
            groups[group] = plus(groups[group], row) if group in groups else row
    return dict(sorted(groups.items()))


def named(columns: Sequence[str], group: Group) -> dict[str, Any]:
    """A group for JSON: windows as epoch seconds."""
    return dict(zip(columns, group, strict=True))


def table(
    columns: Sequence[str],
    numbers: Sequence[str],
    groups: Mapping[Group, Sequence[str]],
    total: Sequence[str],
) -> Table:
    """A line a group with its ``numbers``, and the total below. Windows are told by their start."""
    made = Table(show_footer=True)
    for at, column in enumerate(columns):
        made.add_column(column, footer="" if at else "total")
    for name, text in zip(numbers, total, strict=True):
        made.add_column(name, footer=text, justify="right")
    for group, cells in groups.items():
        values = [utc(v) if c == "window" else v for c, v in zip(columns, group, strict=True)]
        made.add_row(*values, *cells)
    return made
