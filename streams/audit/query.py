"""Questions to the books: filtered, grouped by any dimension and by time, in pages. Pure.

Rows stand in windows of several sizes (streams/books/windows.py). A question that would have to
split one is refused, and says from when on it can be answered: a wrong number would be worse.
"""

import base64
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar

from streams.audit.days import Days
from streams.books.windows import HOUR

Key = TypeVar("Key", bound=tuple[Any, ...])
Row = TypeVar("Row")
Group = tuple[Any, ...]
"""The values of the columns."""

Every = Literal["window", "minute", "hour", "day"]
STEPS = {"minute": 60, "hour": HOUR}

SPEND_DIMENSIONS = ("model", "category", "tier", "outcome", "prompt", "value")
ERROR_DIMENSIONS = ("stage", "type")
FIELDS = {"prompt": "prompt_version", "type": "error_type"}
"""Dimensions that are called otherwise in the keys of the books."""

NO_FILTER: Mapping[str, frozenset[str]] = MappingProxyType({})


class QueryError(ValueError):
    """The question cannot be answered. The message is one line and says what can be asked."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. Times are epoch seconds; a window counts if any of it is in the range.

    ``every`` adds the beginning of each minute, hour or day (in ``zone``) to the groups, or of each
    window as it stands. With ``over``, each minute or hour tells the sum of the last ``over``
    seconds up to its end: hopping windows.
    """

    by: tuple[str, ...] = ()
    every: Every | None = None
    over: int | None = None
    since: float = 0.0
    until: float = float("inf")
    zone: tzinfo = UTC
    where: Mapping[str, frozenset[str]] = field(default_factory=lambda: NO_FILTER)

    def __post_init__(self) -> None:
        if self.until <= self.since:
            raise QueryError("until must be later than since")
        if self.over is not None:
            step = STEPS.get(self.every or "")
            if step is None:
                raise QueryError("over needs every minute or every hour")
            if self.over <= 0 or self.over % step:
                raise QueryError(f"over must be a whole number of every {self.every}")

    @property
    def columns(self) -> tuple[str, ...]:
        """What a group tells, in order. Windows are told by their start."""
        time = {None: (), "window": ("window", "seconds")}.get(self.every, ("window",))
        return (*time, *self.by)


@dataclass(frozen=True, slots=True)
class Answer(Generic[Row]):
    """The sums by group, sorted, and of everything. ``notes`` say what is not exact."""

    columns: tuple[str, ...]
    groups: dict[Group, Row]
    total: Row
    notes: tuple[str, ...] = ()


def answer(
    rows: Mapping[Key, Row], query: Query, nothing: Row, plus: Callable[[Row, Row], Row]
) -> Answer[Row]:
    """The answer from ``rows`` (streams.audit.books.Books). Raises QueryError."""
    chosen = list(_chosen(rows, query))
    begins = lru_cache(maxsize=None)(lambda start: _begin(start, query))
    _refuse_to_split([key for key, _ in chosen], query, begins)
    groups: dict[Group, Row] = {}
    total = nothing
    last = max((begins(key.start) for key, _ in chosen), default=0.0)  # type: ignore[attr-defined]
    for key, row in chosen:
        if _overlaps(key, query.since, query.until):
            total = plus(total, row)
        named = tuple([getattr(key, FIELDS.get(name, name)) for name in query.by])
        for time in _times(key, query, begins, last):
            group = (*time, *named)
            groups[group] = plus(groups[group], row) if group in groups else row
    notes = tuple(_notes([key for key, _ in chosen], query))
    return Answer(query.columns, dict(sorted(groups.items())), total, notes)


def page(
    answered: Answer[Row], limit: int | None, cursor: str | None = None
) -> tuple[dict[Group, Row], str | None]:
    """At most ``limit`` groups after ``cursor``, and the cursor of the next page, if there is one.

    A cursor names the last group of its page, so pages hold while the books grow.
    Raises QueryError.
    """
    every = list(answered.groups)
    first = bisect_right(every, _group_of(cursor, every)) if cursor else 0
    shown = every[first:] if limit is None else every[first : first + limit]
    more = first + len(shown) < len(every)
    return {group: answered.groups[group] for group in shown}, _cursor(shown[-1]) if more else None


def _cursor(group: Group) -> str:
    return base64.urlsafe_b64encode(json.dumps(group).encode()).decode().rstrip("=")


def _group_of(cursor: str, groups: list[Group]) -> Group:
    try:
        found = tuple(json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))))
        bisect_right(groups[:1], found)
    except (ValueError, TypeError):
        raise QueryError("cursor is not one of this question") from None
    return found


def _chosen(rows: Mapping[Key, Row], query: Query) -> Iterable[tuple[Key, Row]]:
    wanted = [(FIELDS.get(name, name), values) for name, values in query.where.items()]
    since = query.since - (query.over or 0)
    for key, row in rows.items():
        if not _overlaps(key, since, query.until):
            continue
        if all(getattr(key, name) in values for name, values in wanted):
            yield key, row


def _overlaps(key: Any, since: float, until: float) -> bool:
    return bool(key.start + key.size > since and key.start < until)


def _begin(at: float, query: Query) -> float:
    """When the minute, hour or day began that holds ``at``."""
    if query.every == "day":
        days = Days(query.zone)
        day = days.of(int(at * 1000))
        return days.start(day).timestamp() if day else at
    if query.every in STEPS:
        offset = datetime.fromtimestamp(at, query.zone).utcoffset()
        local = at + (offset.total_seconds() if offset else 0.0)
        return at - local % STEPS[query.every]
    return at


def _times(key: Any, query: Query, begins: Callable[[float], float], last: float) -> list[Group]:
    """The beginnings of the steps in which a row counts."""
    if query.every is None:
        return [()]
    if query.every == "window":
        return [(key.start, key.size)]
    begin = begins(key.start)
    if query.over is None:
        return [(begin,)]
    step = STEPS[query.every]
    hops = [begin + hop for hop in range(0, query.over, step)]
    until = min(query.until, last + step)
    return [(hop,) for hop in hops if hop + step > query.since and hop < until]


def _refuse_to_split(keys: list[Any], query: Query, begins: Callable[[float], float]) -> None:
    if query.every in (None, "window"):
        return
    split = [key for key in keys if begins(key.start) != begins(key.start + key.size - 1)]
    if split:
        ends = _time(max(key.start + key.size for key in split), query.zone)
        raise QueryError(
            f"until {ends} the books have windows that are no part of a {query.every} in "
            f"{query.zone}: ask from then on (since), or for longer ones (every)"
        )


def _notes(keys: list[Any], query: Query) -> Iterable[str]:
    """Windows longer than a minute of which only a part was asked for."""
    for edge in (query.since, query.until):
        cut = [k for k in keys if k.size >= HOUR and k.start < edge < k.start + k.size]
        if cut:
            first = _time(min(key.start for key in cut), query.zone)
            end = _time(max(key.start + key.size for key in cut), query.zone)
            yield f"what was spent or went wrong from {first} to {end} is kept as one, and counted"


def _time(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat(timespec="minutes").replace("+00:00", "Z")
