"""Asks one worker's budgets for everybody who needs to know, and says what has become of them."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from streams.books.budget import Budget
from streams.books.limits import WHOLE, Limit, Scope, begin_of, end_of
from streams.books.purse import Held, Part, Purse, reserve
from streams.classify.prompt import Prompt
from streams.classify.triage import CallTier
from streams.claude.bound import most_of_call
from streams.claude.prices import PriceList, prices_of
from streams.claude.tiers import models, prompt_of
from streams.events.times import now_ms
from streams.settings import Settings

log = logging.getLogger(__name__)

SOON = 0.1
LATER = 1.0
"""Seconds until it is asked again: while money in flight comes back, and when it is gone."""

STALE_SECONDS = 10.0
"""After this long without a current view of the books it is said aloud."""

SETTLE = 0.5
"""Seconds after partitions were opened until what their last owner left is booked."""

Word = Literal["go", "later", "away"]
"""Of one ticket: it may be asked about; not yet; or not at all in this period."""

Turn = tuple[Limit, float]
"""A budget in one period, by when that began."""


class Used(NamedTuple):
    """A budget in the period that is now, as one worker sees it."""

    budget: str
    share: float
    """Of the amount; above 1 where it bounds nothing, or was lowered."""
    up: bool
    """Whether what follows at its limit has begun."""


MostOf = Callable[[int, int], int]
"""The most that a call can cost, by its tickets and the most input tokens of their parts."""


def most_of(prompt: Prompt, prices: PriceList) -> MostOf:
    """The same bound that the call's intent has."""

    return lambda tickets, tokens: most_of_call(prompt, prices, tickets, tokens, now_ms())


class Guard:
    """One worker's.

    ``most`` has the bounds of each tier, ``largest`` the tickets and input tokens of the largest
    call; ``part`` tells the worker's part of the work and the group's generation, which changes
    with every assignment.
    """

    def __init__(
        self,
        budget: Budget,
        most: Mapping[CallTier, MostOf],
        largest: tuple[int, int],
        part: Callable[[], tuple[Part, int]],
    ) -> None:
        self._budget = budget
        self._most = most
        self._largest: dict[CallTier, int] = {tier: of(*largest) for tier, of in most.items()}
        self._part = part
        self._generation = -1
        self._started_at = self._assigned_at = budget.monotonic()
        self._told: str | None = None
        self._warned: set[tuple[str, Turn]] = set()
        self._away: set[Turn] = set()

    # A call

    def wait(self, tier: CallTier) -> float:
        """Seconds until it should be asked again; 0 if a call of ``tier`` may begin, or its tickets
        are to be turned away."""
        budget = self._budget
        bounding = [purse for purse in budget.whole if _stops(purse, "first")]
        if not bounding:
            return 0.0
        if not self._settled():
            return SOON
        if self.turns_away(tier):
            return 0.0
        refusal = budget.refusal(bounding, self._largest[tier], self._part()[0])
        if refusal is None:
            return 0.0
        if refusal.why != "spent":
            return SOON
        now = budget.clock()
        return min(LATER, max(SOON, end_of(refusal.limit.period, now) - now))

    def begin(self, tier: CallTier, tickets: int, tokens: int) -> Held:
        """A call begins: the most that it can cost is reserved, until it is let go."""
        if not self._budget.whole:
            return ()
        most = self._most[tier](tickets, tokens)
        # A ticket alone may be longer than all that share a call.
        self._largest[tier] = max(self._largest[tier], most)
        return reserve(self._budget.whole, most)

    def turns_away(self, tier: CallTier) -> bool:
        """Whether no ticket is to be asked about in this period, and none is to wait for it."""
        return any(
            purse.limit.acts == "unknown" and self._gone(purse, tier)
            for purse in self._budget.whole
        )

    # A ticket

    @property
    def indifferent(self) -> bool:
        """Whether all tickets are the same to all budgets, and none is turned away."""
        return all(p.limit.scope == WHOLE and p.limit.acts == "wait" for p in self._budget)

    def word(self, tier: CallTier, tokens: int, scope: Scope) -> Word:
        """What becomes of a ticket that could be in the next call of ``tier``: its part of the
        prompt has at most so many ``tokens``."""
        if self.turns_away(tier):
            return "away"
        bounding = [purse for purse in self._budget.narrow(scope) if _stops(purse, tier)]
        if not bounding:
            return "go"
        most = self._most[tier](1, tokens)
        gone = [purse for purse in bounding if purse.gone(most)]
        self._away.update(map(self._now, gone))
        if gone:
            return "away"
        if not self._settled():
            return "later"
        refusal = self._budget.refusal(bounding, most, self._part()[0])
        return "go" if refusal is None else "later"

    def hold(self, tier: CallTier, tokens: int, scope: Scope) -> Held:
        """It goes: the most that it can cost is reserved where only a part of the spending counts,
        until it is let go."""
        purses = self._budget.narrow(scope)
        return reserve(purses, self._most[tier](1, tokens)) if purses else ()

    def named(self, value: str) -> bool:
        """Whether a budget is for tickets of this value."""
        return any(purse.limit.scope.value == value for purse in self._budget)

    def may_escalate(self, scope: Scope = WHOLE) -> bool:
        """Whether a ticket may go to the second tier: it waits there, or stays in the first."""
        if any(p.limit.acts != "wait" and self._gone(p, "escalation") for p in self._stopping()):
            return False
        least = self._most["escalation"](1, 0) if "escalation" in self._most else 0
        narrow = self._budget.narrow(scope)
        return not any(_stops(purse, "escalation") and purse.gone(least) for purse in narrow)

    # In words

    def blocked(self) -> str | None:
        """In words, why tickets wait; None while calls go on."""
        if not any(_stops(purse, "first") for purse in self._budget):
            return None
        for tier in self._most:
            for purse in self._budget.whole:
                if purse.limit.acts == "wait" and self._gone(purse, tier):
                    return f"{self._used_up(purse)}: tickets wait until {self._turn(purse)}"
        current_at = max(self._started_at, self._budget.current_at)
        if current_at < self._budget.monotonic() - STALE_SECONDS:
            return "calls wait for their budget: the books cannot be read from Kafka"
        return None

    def tell(self) -> None:
        """Log what has changed, once. To be called every now and then."""
        blocked = self.blocked()
        if blocked != self._told:
            log.warning(blocked or "calls go on: there is a budget again")
            self._told = blocked
        for purse in self._budget:
            spent, limit = purse.spent(), purse.limit
            if spent >= limit.warn * purse.amount and self._first_time("share", purse):
                log.warning("%s: %d%% is spent", limit, 100 * spent // purse.amount)
            if limit.acts in _THEN and self._is_up(purse) and self._first_time("gone", purse):
                then = f"{_THEN[limit.acts]} until {self._turn(purse)}"
                log.warning("%s: %s", self._used_up(purse), then)

    def used(self) -> Iterator[Used]:
        """Of each budget, now."""
        for purse in self._budget:
            share = purse.spent() / purse.amount
            yield Used(str(purse.limit), share, self._is_up(purse))

    def _first_time(self, what: str, purse: Purse) -> bool:
        """In this period."""
        key = what, self._now(purse)
        new = key not in self._warned
        self._warned.add(key)
        return new

    def _now(self, purse: Purse) -> Turn:
        return purse.limit, begin_of(purse.limit.period, self._budget.clock())

    # Which money is gone

    def _stopping(self) -> Sequence[Purse]:
        """The budgets for all spending, but those that only warn."""
        return [purse for purse in self._budget.whole if purse.limit.acts != "warn"]

    def _settled(self) -> bool:
        """Whether it is seen what the last owners of our partitions have booked."""
        _, generation = self._part()
        if generation != self._generation:
            self._generation, self._assigned_at = generation, self._budget.monotonic()
            self._budget.release_all()
        return self._budget.current_at >= self._assigned_at + SETTLE

    def _gone(self, purse: Purse, tier: CallTier) -> bool:
        """Whether it has too little left for a call of ``tier``, with none in flight."""
        return tier in self._largest and purse.gone(self._largest[tier])

    def _is_up(self, purse: Purse) -> bool:
        """Whether what follows at the limit has begun."""
        acts = purse.limit.acts
        if acts == "warn":
            return purse.gone(1)
        if acts == "wait":
            return any(self._gone(purse, tier) for tier in self._most)
        return self._all_gone(purse) or self._now(purse) in self._away

    def _all_gone(self, purse: Purse) -> bool:
        """Whether it has too little left for the least that it stops."""
        tier: CallTier = "first" if purse.limit.acts == "unknown" else "escalation"
        if purse.limit.scope == WHOLE:
            return self._gone(purse, tier)
        return tier in self._most and purse.gone(self._most[tier](1, 0))

    def _turn(self, purse: Purse) -> str:
        end = end_of(purse.limit.period, self._budget.clock())
        return f"{datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M} UTC"

    @staticmethod
    def _used_up(purse: Purse) -> str:
        return f"{purse.limit} is used up"


_THEN = {
    "no_escalation": "the second model is not asked",
    "unknown": "tickets become unknown without a call",
}


def _stops(purse: Purse, tier: CallTier) -> bool:
    """Whether calls of ``tier`` begin only while there is money in it."""
    acts = purse.limit.acts
    return acts in ("wait", "unknown") or (acts == "no_escalation" and tier == "escalation")


def budget_of(settings: Settings) -> Budget:
    """The budgets that are set; without any, everything may be spent."""
    return Budget(settings.limits, settings.window_seconds)


def guard_of(settings: Settings, budget: Budget, part: Callable[[], tuple[Part, int]]) -> Guard:
    """The guard for these settings."""
    prices = prices_of(settings)
    most = {
        tier: most_of(prompt_of(settings, model), prices)
        for tier, model in models(settings).items()
    }
    return Guard(budget, most, (settings.batch_size, settings.batch_tokens), part)
