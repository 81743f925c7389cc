"""``/api/spend`` and ``/api/errors``: questions to the books over HTTP.

Without parameters the answer is what the page shows (streams/dashboard/views.py). With any, it is a
list of rows: ``by``, ``where`` (both may be given several times), ``every``, ``over``, ``since``,
``until``, ``last`` and ``tz`` mean what they mean on the command line; ``limit`` and ``cursor``
page through it; ``format=csv`` gives CSV, with the next page in the header ``Link``. Money is
pico-dollars as decimal text, because a browser's numbers are exact only up to 2**53. What cannot
be answered is a 400 with one line in ``error``.
"""

import asyncio
import csv
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from operator import add
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from streams.audit.asked import query_of
from streams.audit.query import (
    ERROR_DIMENSIONS,
    SPEND_DIMENSIONS,
    Answer,
    Group,
    Query,
    QueryError,
    answer,
    page,
)
from streams.books.rows import SpendRow
from streams.dashboard import views
from streams.dashboard.feed import Feed

DEFAULT_LIMIT = 1_000
MOST_ROWS = 10_000

LISTS = ("by", "where")
WORDS = ("every", "over", "since", "until", "last", "tz")
PAGING = ("limit", "cursor", "format")
MONEY = ("picodollars", "unsettled_picodollars")

Numbers = dict[str, int | str]


@dataclass(frozen=True, slots=True)
class _Table:
    """One of the two tables, as it is asked."""

    dimensions: Sequence[str]
    by: Sequence[str]
    """What is told apart unless the question says otherwise."""
    rows: Callable[[], Mapping[Any, Any]]
    nothing: Any
    plus: Callable[[Any, Any], Any]
    numbers: Callable[[Any], Numbers]
    whole: Callable[[], views.Json]
    """The answer to no question."""


def mount(app: web.Application, feed: Feed) -> None:
    """Adds both addresses to ``app``."""
    spend = _Table(
        SPEND_DIMENSIONS,
        ("model", "category"),
        lambda: feed.source.books.spend,
        SpendRow(),
        SpendRow.plus,
        _spend,
        lambda: views.spend(feed.source.books, feed.frame()),
    )
    errors = _Table(
        ERROR_DIMENSIONS,
        ERROR_DIMENSIONS,
        lambda: feed.source.books.errors,
        0,
        add,
        lambda count: {"errors": count},
        lambda: views.errors(feed.source.books, feed.frame()),
    )
    app.router.add_get("/api/spend", _handler(spend))
    app.router.add_get("/api/errors", _handler(errors))


def _handler(table: _Table) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        if not request.query:
            return web.json_response(table.whole())
        try:
            query = _query(request.query, table)
            limit, fmt = _limit(request.query), request.query.get("format", "json")
            if fmt not in ("json", "csv"):
                raise QueryError(f"format {fmt!r} is none of json, csv")  # noqa: TRY301
            # Of a copy, in a thread: a long table must not hold up the live events.
            rows = dict(table.rows())
            found = await asyncio.to_thread(answer, rows, query, table.nothing, table.plus)
            shown, cursor = page(found, limit, request.query.get("cursor"))
        except QueryError as error:
            return web.json_response({"error": str(error)}, status=400)
        if fmt == "csv":
            return _csv(request, found, shown, cursor, table)
        return web.json_response(_json(found, shown, cursor, table))

    return handle


def _query(words: MultiMapping[str], table: _Table) -> Query:
    for name in words:
        if name not in (*LISTS, *WORDS, *PAGING):
            raise QueryError(f"{name!r} is none of {', '.join((*LISTS, *WORDS, *PAGING))}")
    by = [name for text in words.getall("by", []) for name in text.split(",") if name]
    every = {name: words[name] for name in WORDS if name in words}
    where = words.getall("where", [])
    return query_of(table.dimensions, time.time(), by=by or table.by, where=where, **every)


def _limit(words: MultiMapping[str]) -> int:
    text = words.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= MOST_ROWS:
        raise QueryError(f"limit must be a number from 1 to {MOST_ROWS}")
    return int(text)


def _spend(row: SpendRow) -> Numbers:
    return {
        name: str(number) if name in MONEY else number for name, number in row._asdict().items()
    }


def _json(
    found: Answer[Any], shown: Mapping[Group, Any], cursor: str | None, table: _Table
) -> views.Json:
    return {
        "rows": [
            {**dict(zip(found.columns, group, strict=True)), **table.numbers(row)}
            for group, row in shown.items()
        ],
        "total": table.numbers(found.total),
        "notes": list(found.notes),
        "next": cursor,
    }


def _csv(
    request: web.Request,
    found: Answer[Any],
    shown: Mapping[Group, Any],
    cursor: str | None,
    table: _Table,
) -> web.Response:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*found.columns, *table.numbers(table.nothing)])
    writer.writerows([*group, *table.numbers(row).values()] for group, row in shown.items())
    headers = {}
    if cursor is not None:
        headers["Link"] = f'<{request.rel_url.update_query(cursor=cursor)}>; rel="next"'
    return web.Response(text=out.getvalue(), content_type="text/csv", headers=headers)
