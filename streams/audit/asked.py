"""From words, of a command line or an address, to a question to the books. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.audit.query import Every, Query, QueryError

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds_of(text: str) -> int:
    """Of ``90s``, ``15m``, ``1h`` or ``7d``. Raises QueryError."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match:
        raise QueryError(f"{text!r} is not a duration like 90s, 15m, 1h or 7d")
    return int(match[1]) * UNITS[match[2]]


def instant_of(text: str, zone: tzinfo = UTC) -> float:
    """Epoch seconds of a date and time in ISO 8601, in ``zone`` unless it says otherwise.

    Raises QueryError.
    """
    try:
        given = datetime.fromisoformat(text)
        return given.replace(tzinfo=given.tzinfo or zone).timestamp()
    except (ValueError, OverflowError):
        raise QueryError(f"{text!r} is not a time like 2026-11-21T09:30") from None


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name. Raises QueryError."""
    if name == "UTC":  # without the system's zone data too
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise QueryError(f"{name!r} is not a time zone like UTC or Europe/Berlin") from None


def filters_of(words: Iterable[str]) -> dict[str, frozenset[str]]:
    """Of ``category=billing``; several of one name mean any of them. Raises QueryError."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise QueryError(f"{word!r} is not a filter like category=billing")
        found[name].add(value)
    return {name: frozenset(values) for name, values in found.items()}


def query_of(
    dimensions: Sequence[str],
    now: float,
    *,
    by: Sequence[str] = (),
    every: str | None = None,
    over: str | None = None,
    since: str | None = None,
    until: str | None = None,
    last: str | None = None,
    tz: str | None = None,
    where: Sequence[str] = (),
) -> Query:
    """The question about a table with these ``dimensions``; ``now`` is epoch seconds.

    ``by`` may name ``window`` too, as every=window does. Raises QueryError.
    """
    if since is not None and last is not None:
        raise QueryError("since and last exclude each other")
    if "window" in by:
        every = every or "window"
    filters = filters_of(where)
    names = [name for name in dict.fromkeys(by) if name != "window"]
    for name in (*names, *filters):
        if name not in dimensions:
            raise QueryError(f"{name!r} is none of {', '.join(dimensions)}")
    if every is not None and every not in get_args(Every):
        raise QueryError(f"every {every!r} is none of {', '.join(get_args(Every))}")
    zone = zone_of(tz or "UTC")
    begin = 0.0 if since is None else instant_of(since, zone)
    return Query(
        by=tuple(names),
        every=cast(Every | None, every),
        over=None if over is None else seconds_of(over),
        since=begin if last is None else now - seconds_of(last),
        until=float("inf") if until is None else instant_of(until, zone),
        zone=zone,
        where=filters,
    )
