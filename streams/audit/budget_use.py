"""How much of each budget is used, by the committed books."""

from collections.abc import Iterable
from dataclasses import dataclass

from streams.audit.books import Books
from streams.books.limits import Limit, Period, Scope, begin_of


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What is spent of a budget in the hour, day or month that is now: pico-dollars, those that are
    not settled too. ``category`` and ``value`` say of which spending; None: of any."""

    period: Period
    category: str | None
    value: str | None
    limit: int
    spent: int

    @property
    def left(self) -> int:
        """Below zero where more is spent than was allowed."""
        return self.limit - self.spent

    @property
    def name(self) -> str:
        """As people call it: ``budget per day, billing``."""
        whose = [part for part in (self.category, self.value) if part is not None]
        return ", ".join([f"budget per {self.period}", *whose])


def budgets_in(books: Books, limits: Iterable[Limit], now: float) -> tuple[BudgetUse, ...]:
    """Of each budget there is, in their order. ``now`` is epoch seconds. Pure."""
    return tuple(
        BudgetUse(
            limit.period,
            *limit.scope,
            limit.picodollars,
            _spent(books, begin_of(limit.period, now), limit.scope),
        )
        for limit in limits
    )


def _spent(books: Books, since: float, scope: Scope) -> int:
    return sum(
        row.picodollars + row.unsettled_picodollars
        for key, row in books.spend.items()
        if key.start >= since
        and scope.category in (None, key.category)
        and scope.value in (None, key.value)
    )
