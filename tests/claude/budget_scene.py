"""A budget and its guard, in a time of their own."""

from dataclasses import dataclass, field
from decimal import Decimal

from streams.books.budget import Budget, Part
from streams.classify.triage import CallTier
from streams.claude.budget_guard import SETTLE, Action, Guard

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
    budget: Budget = field(init=False)
    guard: Guard = field(init=False)

    def __post_init__(self) -> None:
        self.budget = Budget({"hour": LIMIT}, 60, lambda: self.now, lambda: self.now)
        self.guard = Guard(
            self.budget,
            self.action,
            Decimal("0.8"),
            {"first": lambda n, _: n, "escalation": lambda n, _: 10 * n},
            (10, 1_000),
            lambda: (self.part, self.generation),
        )
        self.guard.wait("first")  # from here on the partitions are ours
        self.pass_(SETTLE)

    def pass_(self, seconds: float) -> None:
        """Time goes by, and the view is current."""
        self.now += seconds
        self.budget.current_at = self.now
