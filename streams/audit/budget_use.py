"""How much of each budget is used, by the committed books."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from streams.audit.books import Books
from streams.books.budget import Period, begin_of
from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.settings import Settings

Limits = Mapping[Period, Decimal | None]
"""Dollars by period; None where there is no budget."""


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What is spent of the budget for the hour, day or month that is now: pico-dollars, those that
    are not settled too."""

    period: Period
    limit: int
    spent: int

    @property
    def left(self) -> int:
        """Below zero where more is spent than was allowed."""
        return self.limit - self.spent


def limits_of(settings: Settings) -> Limits:
    """The budgets of the whole installation."""
    return {
        "hour": settings.budget_per_hour,
        "day": settings.budget_per_day,
        "month": settings.budget_per_month,
    }


def budgets_in(books: Books, limits: Limits, now: float) -> tuple[BudgetUse, ...]:
    """Of each budget there is, the shortest period first. ``now`` is epoch seconds. Pure."""
    return tuple(
        BudgetUse(
            period,
            int(dollars * PICODOLLARS_PER_DOLLAR),
            _spent(books, begin_of(period, now)),
        )
        for period, dollars in limits.items()
        if dollars is not None
    )


def _spent(books: Books, since: float) -> int:
    return sum(
        row.picodollars + row.unsettled_picodollars
        for key, row in books.spend.items()
        if key.start >= since
    )
