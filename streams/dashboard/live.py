"""What one open page is told: first everything in its scope, then what has changed. Pure.

Money is pico-dollars as decimal text, because a browser's numbers are exact only up to 2**53. Times
are epoch seconds, those in ``_at`` and ``now`` epoch milliseconds. Part by part:

=========  ========================================================================================
scope      what is looked at: window or fixed time, its steps, category, model
status     how current the numbers are, as ``/api/status``
names      categories and models that there are
spend      by step: ``[start, [[category, *fields of a spend row], …]]``; a step that is told again
           replaces the one before
errors     by step: ``[start, [[stage, type, count], …]]``
latency    by step: ``[start, p50, p95, p99, calls]``, milliseconds
shown      sums over the whole scope: ``total``, ``categories``, ``models``, ``errors``,
           ``latency``; ``escalated`` and ``cached`` tickets (null: not known); ``one_by_one``, the
           comparison
outlook    today, this hour, rate, projections: whatever the scope's time is
limits     the API's limits a minute by model, and what is used of them
budgets    period, of what, limit, spent (what is unsettled too), left; the share to warn at
group      workers, what each has assigned, lag by partition; null as long as it is not known
lately     the last five minutes: ``calls`` answered, and ``errors`` as in ``shown``
letters    the last dead letters; ``lately`` is how many there were in the last hour
tickets    the last tickets
=========  ========================================================================================
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from streams.audit.budget_use import use_of
from streams.audit.group import Group
from streams.audit.overview import DEAD_LETTER_STAGES
from streams.books.limits import Limit
from streams.classify.categories import names
from streams.claude.tiers import NO_MODEL
from streams.dashboard.calls_seen import latency_of
from streams.dashboard.outlook import outlook, spent
from streams.dashboard.scope import Scope, Steps
from streams.dashboard.shown import Sums, by, fields, one_by_one
from streams.dashboard.source import BooksSource
from streams.dashboard.timeline import HOUR
from streams.dashboard.views import status
from streams.events.model import UNKNOWN
from streams.settings import Settings

Json = dict[str, Any]

LATELY = 300
"""Seconds. Long enough to tell a bad minute from trouble."""


class Page:
    """What an open page has been told, so that it is told once. ``limits`` gives the budgets."""

    def __init__(
        self,
        source: BooksSource,
        settings: Settings,
        scope: Scope,
        limits: Callable[[], Sequence[Limit]],
    ) -> None:
        self._source = source
        self._settings = settings
        self._limits = limits
        self._scope = scope
        self._books = source.books
        self._since = -1
        self._told: dict[str, str] = {}
        self._one_by_one = one_by_one(settings)

    def message(self, now: float) -> Json:
        """The next message: ``kind`` is ``snapshot`` or ``delta``."""
        source, scope = self._source, self._scope
        fresh = source.books is not self._books or self._since < 0
        if fresh:
            self._books, self._since, self._told = source.books, -1, {}
        steps = scope.steps(now, source.books.spend_steps.sizes)
        sizes = source.books.sizes_from(steps.first)
        steps = scope.steps(now, sizes)
        since, self._since = self._since, source.version
        parts = {
            "spend": list(self._spend(steps, since)),
            "errors": list(self._errors(steps, since)),
            "latency": list(self._latency(steps, since)),
        }
        told: Json = {
            "scope": scope.as_json(now, sizes),
            "names": self._names(),
            "shown": self._shown(steps, now),
            "outlook": outlook(self._books.spend_steps, scope, now).as_json(),
            "limits": source.calls.limit_use(now),
            "budgets": self._budgets(now),
            "group": group_json(source.group, source.group_at),
            "lately": self._lately(now),
            "letters": {"lately": self._letters(now), "last": source.latest.letters},
            "tickets": source.latest.tickets,
        }
        return {
            "kind": "snapshot" if fresh else "delta",
            "status": status(source, self._settings, now),
            **{name: part for name, part in parts.items() if part or fresh},
            **{name: part for name, part in told.items() if self._is_news(name, part)},
        }

    def _is_news(self, name: str, part: Any) -> bool:
        text = json.dumps(part, sort_keys=True)
        news = self._told.get(name) != text
        self._told[name] = text
        return news

    def _names(self) -> Json:
        keys = list(self._books.spend_steps.keys)
        known = [*names(self._settings.categories), *sorted({key[1] for key in keys})]
        categories = [name for name in dict.fromkeys(known) if name != UNKNOWN]
        return {
            "categories": [*categories, UNKNOWN],
            "models": sorted({key[0] for key in keys if key[0] != NO_MODEL}),
            "first": self._settings.model,
            "escalation": self._settings.escalation_model,
            "calls_since": self._source.calls.since,
        }

    def _spend(self, steps: Steps, since: int) -> Iterable[list[Any]]:
        timeline = self._books.spend_steps
        for start, cells in timeline.changed(steps.size, steps.first, steps.end, since):
            held = {key: row for key, row in cells.items() if self._scope.holds(key[0], key[1])}
            yield [start, [[name, *fields(row)] for name, row in by(1, held).items()]]

    def _errors(self, steps: Steps, since: int) -> Iterable[list[Any]]:
        timeline = self._books.error_steps
        for start, cells in timeline.changed(steps.size, steps.first, steps.end, since):
            yield [start, [[*key, count] for key, [count] in sorted(cells.items())]]

    def _latency(self, steps: Steps, since: int) -> Iterable[list[Any]]:
        timeline = self._source.calls.latency
        for start, cells in timeline.changed(steps.size, steps.first, steps.end, since):
            yield [start, *latency_of(cells.items(), self._scope.model)]

    def _shown(self, steps: Steps, now: float) -> Json:
        at = steps.size, steps.first, steps.end
        sums = Sums(self._books.spend_steps.total(*at), self._scope, self._settings)
        errors = self._books.error_steps.total(*at)
        latency = self._source.calls.latency.total(*at)
        return {
            **sums.as_json(self._one_by_one, now),
            "errors": [[*key, count] for key, [count] in sorted(errors.items())],
            "latency": latency_of(latency.items(), self._scope.model),
        }

    def _budgets(self, now: float) -> list[Json]:
        limits, timeline = self._limits(), self._books.paid_steps

        def paid(since: float) -> Iterator[tuple[str, str, int]]:
            found = timeline.total(timeline.sizes[-1], int(since), int(now) + 1)
            for (category, value), money in found.items():
                yield category, value, sum(money)

        return [
            {
                "period": limit.period,
                "of": " ".join(filter(None, (limit.category, limit.value))),
                "warn": float(limit.warn),
                "limit": str(use.limit),
                "spent": str(use.spent),
                "left": str(use.left),
            }
            for limit, use in zip(limits, use_of(limits, paid, now), strict=True)
        ]

    def _lately(self, now: float) -> Json:
        size = self._books.spend_steps.sizes[0]
        first, end = int(now) - LATELY, int(now) + 1
        errors = self._books.error_steps.total(size, first, end)
        return {
            "calls": spent(self._books.spend_steps, Scope(), first, end, size).calls,
            "errors": [[*key, count] for key, [count] in sorted(errors.items())],
        }

    def _letters(self, now: float) -> int:
        timeline = self._books.error_steps
        size = timeline.sizes[0]
        lately = timeline.total(size, int(now) - HOUR, int(now) + 1)
        return sum(n for key, [n] in lately.items() if key[0] in DEAD_LETTER_STAGES)


def group_json(group: Group | None, at: float | None) -> Json | None:
    """The consumer group, as the page shows it."""
    if group is None:
        return None
    lag = group.lag
    return {
        "read_at": None if at is None else int(at * 1000),
        "state": group.state,
        "waiting": group.waiting,
        "lag": [[group.names.get(number, number), lag[number]] for number in sorted(lag)],
        "workers": [
            {
                "id": member.id,
                "host": member.host,
                "partitions": group.owned(member),
                "waiting": sum(lag.get(number, 0) for number in member.partitions),
            }
            for member in group.members
        ],
    }
