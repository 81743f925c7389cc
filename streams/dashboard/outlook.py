"""Where the money goes: today, this hour, and what follows if it goes on like this. Pure.

Hours, days and months are calendar ones in UTC, as budgets have them. Money is pico-dollars.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from streams.books.limits import begin_of, end_of
from streams.books.rows import SpendRow
from streams.claude.prices import NoPrice, PriceList, Usage
from streams.dashboard.scope import Scope
from streams.dashboard.timeline import HOUR, MINUTE, Timeline
from streams.dashboard.watched import row_of

DAY, WEEK = 86_400, 7 * 86_400
BYTES_A_TOKEN = 4
"""Of the instructions, which are English: what the comparison reckons with."""


def spent(spend: Timeline, scope: Scope, first: float, end: float, size: int) -> SpendRow:
    """Sum of what the scope shows, over the steps of ``size`` from ``first`` up to ``end``."""
    total = SpendRow()
    for (model, category, _), row in spend.total(size, int(first), int(end)).items():
        if scope.holds(model, category):
            total = total.plus(row_of(row))
    return total


@dataclass(frozen=True, slots=True)
class Outlook:
    """The rate is that of the last 60 minutes, or of the time since the first ticket if that is
    less; the month goes on as the last 7 days, or as long as there are books."""

    today: SpendRow
    hour: SpendRow
    per_hour: int
    projected_day: int
    projected_month: int
    mean_seconds: int
    """How long the mean behind the month is."""
    tickets_per_second: float
    """Over the minute that runs and the one before."""

    def as_json(self) -> dict[str, Any]:
        """For the page: money as text."""
        return {
            "today": str(self.today.picodollars),
            "today_tickets": self.today.tickets,
            "today_unsettled": str(self.today.unsettled_picodollars),
            "hour": str(self.hour.picodollars),
            "hour_tickets": self.hour.tickets,
            "per_hour": str(self.per_hour),
            "projected_day": str(self.projected_day),
            "projected_month": str(self.projected_month),
            "mean_seconds": self.mean_seconds,
            "tickets_per_second": round(self.tickets_per_second, 2),
        }


def outlook(spend: Timeline, scope: Scope, now: float) -> Outlook:
    """What the scope's category and model cost; its time does not matter."""
    shortest, longest = spend.sizes[0], spend.sizes[-1]
    began = now if spend.first is None else spend.first
    minute = int(now) // shortest * shortest
    end = int(now) + 1  # what happens at this moment counts
    today = spent(spend, scope, begin_of("day", now), end, longest)
    lately = min(now - minute + HOUR, max(MINUTE, now - began))
    recent = spent(spend, scope, minute - HOUR, end, shortest)
    per_hour = int(recent.picodollars * HOUR / lately)
    week = max(HOUR, min(WEEK, now - began))
    mean = spent(spend, scope, now - week, end, longest).picodollars / week
    if now - began < HOUR:
        mean = per_hour / HOUR
    last = spent(spend, scope, minute - shortest, end, shortest)
    return Outlook(
        today=today,
        hour=spent(spend, scope, begin_of("hour", now), end, longest),
        per_hour=per_hour,
        projected_day=today.picodollars + int(per_hour * (end_of("day", now) - now) / HOUR),
        projected_month=int(mean * _days(now) * DAY),
        mean_seconds=int(min(week, now - began)),
        tickets_per_second=last.tickets / (now - minute + shortest),
    )


def _days(now: float) -> int:
    moment = datetime.fromtimestamp(now, UTC)
    return calendar.monthrange(moment.year, moment.month)[1]


@dataclass(frozen=True, slots=True)
class OneByOne:
    """The bill if each ticket had one call of ``model`` of its own. An estimate: the instructions
    have ``fixed`` tokens, everything else is as long as it was."""

    model: str
    fixed: int
    prices: PriceList

    def cost(self, asked: SpendRow, tickets: int, at_ms: int) -> int | None:
        """For ``tickets`` like those of ``asked``, the rows of the first model. None without a
        price or without tickets."""
        if not asked.tickets or not tickets:
            return None
        read = asked.input_tokens + asked.cache_write_tokens + asked.cache_read_tokens
        each = max(0, read - self.fixed * asked.calls) // asked.tickets
        usage = Usage(self.fixed + each, asked.output_tokens // asked.tickets)
        try:
            return self.prices.cost(self.model, usage, at_ms) * tickets
        except NoPrice:
            return None
