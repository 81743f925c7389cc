"""How much of each budget is used, by the committed books."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from streams.audit.books import Books
from streams.books.limits import Limit, Period, begin_of


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


Paid = Callable[[float], Iterable[tuple[str, str, int]]]
"""What is paid since then (epoch seconds): category, value, and pico-dollars, unsettled too."""


def use_of(limits: Iterable[Limit], paid: Paid, now: float) -> tuple[BudgetUse, ...]:
    """Of each budget there is, in their order. ``now`` is epoch seconds. Pure."""
    return tuple(
        BudgetUse(
            limit.period,
            *limit.scope,
            limit.picodollars,
            sum(
                money
                for category, value, money in paid(begin_of(limit.period, now))
                if limit.scope.holds(category, value)
            ),
        )
        for limit in limits
    )


def paid_in(books: Books) -> Paid:
    """By the rows of the books."""

    def since(begin: float) -> Iterator[tuple[str, str, int]]:
        for key, row in books.spend.items():
            if key.start >= begin:
                yield key.category, key.value, row.picodollars + row.unsettled_picodollars

    return since
