"""A budget and its guard, in a time of their own."""

from dataclasses import dataclass, field
from decimal import Decimal

from streams.books.budget import Budget, Seen
from streams.books.limits import WHOLE, Action, Limit, Scope
from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.books.purse import Part
from streams.classify.triage import CallTier
from streams.claude.budget_guard import SETTLE, Guard

NOON = 1_763_726_400.0  # 2025-11-21 12:00 UTC
LIMIT = 1_000
CALL: dict[CallTier, int] = {"first": 10, "escalation": 100}
"""What the largest call of a tier can cost."""


ALL = Part(2, 2)


@dataclass
class Scene:
    action: Action = "wait"
    part: Part = ALL
    generation: int = 1
    now: float = NOON
    scope: Scope = WHOLE
    budget: Budget = field(init=False)
    guard: Guard = field(init=False)

    def __post_init__(self) -> None:
        limit = self.limit()
        self.budget = Budget([limit], 60, lambda: self.now, lambda: self.now)
        self.guard = Guard(
            self.budget,
            {"first": lambda n, _: n, "escalation": lambda n, _: 10 * n},
            (10, 1_000),
            lambda: (self.part, self.generation),
        )
        self.guard.wait("first")  # from here on the partitions are ours
        self.guard.word("escalation", 0, self.scope)
        self.pass_(SETTLE)

    def pass_(self, seconds: float) -> None:
        """Time goes by, and the view is current."""
        self.now += seconds
        self.budget.current_at = self.now

    def limit(self, picodollars: int = LIMIT) -> Limit:
        amount = Decimal(picodollars) / PICODOLLARS_PER_DOLLAR
        return Limit("hour", amount, *self.scope, action=self.action, name="budget_per_hour")

    def see(self, money: int, window: float = NOON, scope: Scope | None = None) -> None:
        """Somebody's committed money."""
        self.budget.see(Seen(1, window, self.scope if scope is None else scope, money))

    def free(self, most: int) -> bool:
        """Whether a call may begin that costs as much."""
        return self.budget.refusal(self.budget, most, self.part) is None
