"""Sums over all that a page shows at a time, for its tiles and tables. Pure."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from streams.books.rows import SpendRow
from streams.classify.prompt import answer_schema, system_prompt
from streams.claude.prices import prices_of
from streams.claude.tiers import NO_MODEL
from streams.dashboard.outlook import BYTES_A_TOKEN, OneByOne
from streams.dashboard.scope import Scope
from streams.dashboard.timeline import Cells
from streams.dashboard.watched import NO_TIER, row_of
from streams.settings import Settings

Json = dict[str, Any]

DEAR_MODEL = "claude-sonnet-5-5"
"""What one call per ticket is compared with where there is no second tier."""


class Sums:
    """Spend of a whole window, by the keys of :class:`streams.dashboard.watched.WatchedBooks`."""

    def __init__(self, cells: Cells, scope: Scope, settings: Settings) -> None:
        self._all = cells
        self._scope = scope
        self._settings = settings
        self._shown = {key: row for key, row in cells.items() if scope.holds(key[0], key[1])}
        self.total = _sum(self._shown.values())

    def as_json(self, compared: OneByOne, now: float) -> Json:
        """Part ``shown`` of a message, but for errors and latency."""
        return {
            "total": row_json(self.total),
            "categories": _named(by(1, self._shown)),
            "models": _named(by(0, self._shown)),
            "escalated": self._tickets(self._is_escalated),
            "cached": self._cached(),
            "one_by_one": self._alone(compared, now),
        }

    def _is_escalated(self, key: Sequence[str]) -> bool:
        model, _, tier = key
        second = self._settings.escalation_model
        if tier == NO_TIER:  # older rows: the model tells, where it tells anything
            return model == second != self._settings.model
        return tier == "escalation"

    def _cached(self) -> int | None:
        if all(key[2] == NO_TIER for key in self._shown):
            return None
        return self._tickets(lambda key: key[2] == "cache")

    def _tickets(self, counts: Callable[[Sequence[str]], bool]) -> int:
        return _sum(row for key, row in self._shown.items() if counts(key)).tickets

    def _alone(self, compared: OneByOne, now: float) -> Json | None:
        first = Scope(category=self._scope.category, model=self._settings.model)
        asked = _sum(row for key, row in self._all.items() if first.holds(key[0], key[1]))
        cost = compared.cost(asked, self.total.tickets, int(now * 1000))
        return None if cost is None else {"model": compared.model, "picodollars": str(cost)}


def one_by_one(settings: Settings) -> OneByOne:
    """What the bill is compared with: the second tier's model for each ticket alone."""
    second = settings.escalation_model
    schema = json.dumps(answer_schema(), separators=(",", ":"))
    fixed = len(system_prompt(settings.categories).encode()) + len(schema.encode())
    model = DEAR_MODEL if second in (NO_MODEL, settings.model) else second
    return OneByOne(model, fixed // BYTES_A_TOKEN, prices_of(settings))


def by(part: int, cells: Cells) -> dict[str, SpendRow]:
    """Sums by one part of the keys."""
    rows: dict[str, SpendRow] = {}
    for key, row in cells.items():
        rows[key[part]] = rows.get(key[part], SpendRow()).plus(row)
    return rows


def fields(row: Sequence[int]) -> list[int | str]:
    """A spend row's fields in order, money as text."""
    return [*row[:6], *map(str, row[6:])]


def row_json(row: SpendRow) -> Json:
    """The same by name."""
    return dict(zip(SpendRow._fields, fields(row), strict=True))


def _named(rows: dict[str, SpendRow]) -> list[Json]:
    return [{"name": name, **row_json(rows[name])} for name in sorted(rows)]


def _sum(rows: Iterable[Sequence[int]]) -> SpendRow:
    total = SpendRow()
    for row in rows:
        total = total.plus(row_of(row))
    return total
