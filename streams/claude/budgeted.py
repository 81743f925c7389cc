"""What a budget does to calls: the pace holds them back, and health and watchdog hear why."""

from collections.abc import Callable, Sequence

from streams.books.purse import Held, let_go
from streams.classify.triage import CallTier
from streams.claude.budget_guard import Guard
from streams.claude.client import Reply
from streams.claude.failures import Failure
from streams.claude.gate import Gate
from streams.claude.gates import Gates
from streams.claude.pace import Pace


class BudgetedPace:
    """A pace that holds calls back, too, for which there is no money."""

    def __init__(self, pace: Pace, guard: Guard) -> None:
        self._pace = pace
        self._guard = guard
        self._reserved: dict[tuple[CallTier, int, int], list[Held]] = {}

    def turns_away(self, tier: CallTier) -> bool:
        """Whether tickets are not even to wait for a call."""
        return self._guard.turns_away(tier)

    def wait(self, tier: CallTier) -> float:
        """Seconds until the next call may begin; 0 for now."""
        return self._guard.wait(tier) or self._pace.wait(tier)

    def group(self, tier: CallTier, most: int) -> int:
        """How many tickets it should hold at most, 1 to ``most``."""
        return self._pace.group(tier, most)

    def begin(self, tier: CallTier, tickets: int, bound: int) -> None:
        """A call begins, with at most ``bound`` input tokens."""
        held = self._guard.begin(tier, tickets, bound)
        # The price may change while it runs: what is given back is what was taken.
        self._reserved.setdefault((tier, tickets, bound), []).append(held)
        self._pace.begin(tier, tickets, bound)

    def end(
        self, tier: CallTier, tickets: int, bound: int, outcome: Reply | Failure | None
    ) -> None:
        """It has ended."""
        key = tier, tickets, bound
        let_go(self._reserved[key].pop())
        if not self._reserved[key]:
            del self._reserved[key]
        self._pace.end(tier, tickets, bound, outcome)


class BudgetedGates(Gates):
    """Gates that say, too, when the budget is what tickets wait for."""

    def __init__(self, gates: Sequence[Gate], also: Callable[[], str | None]) -> None:
        super().__init__(gates)
        self._also = also

    @property
    def blocked(self) -> str | None:
        """In words, why tickets wait; None while calls go on."""
        return super().blocked or self._also()
