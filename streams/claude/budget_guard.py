"""Asks one worker's budget for everybody who needs to know, and says what has become of it."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from streams.books.budget import Budget, Part, Period, begin_of, end_of
from streams.books.money import PICODOLLARS_PER_DOLLAR
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

Action = Literal["wait", "no_escalation"]

MostOf = Callable[[int, int], int]
"""The most that a call can cost, by its tickets and the most input tokens of their parts."""


def most_of(prompt: Prompt, prices: PriceList) -> MostOf:
    """The same bound that the call's intent has."""

    return lambda tickets, tokens: most_of_call(prompt, prices, tickets, tokens, now_ms())


class Guard:
    """One worker's.

    ``most`` has the bounds of each tier, ``largest`` the tickets and input tokens of the largest
    call; ``part`` tells the worker's part of the work and the group's generation, which changes
    with every assignment. ``warn`` is the share of a budget at which a line is logged.
    """

    def __init__(
        self,
        budget: Budget,
        action: Action,
        warn: Decimal,
        most: Mapping[CallTier, MostOf],
        largest: tuple[int, int],
        part: Callable[[], tuple[Part, int]],
    ) -> None:
        self._budget = budget
        self._action = action
        self._warn = warn
        self._most = most
        self._largest: dict[CallTier, int] = {tier: of(*largest) for tier, of in most.items()}
        self._part = part
        self._generation = -1
        self._started_at = self._assigned_at = budget.monotonic()
        self._told: str | None = None
        self._warned: set[tuple[Period, float]] = set()

    def wait(self, tier: CallTier) -> float:
        """Seconds until it should be asked again; 0 if a call of ``tier`` may begin."""
        if self._action != "wait" or not self._budget.limits:
            return 0.0
        budget = self._budget
        part, generation = self._part()
        if generation != self._generation:
            self._generation, self._assigned_at = generation, budget.monotonic()
            budget.release_all()
        if budget.current_at < self._assigned_at + SETTLE:
            return SOON
        refusal = budget.refusal(self._largest[tier], part)
        if refusal is None:
            return 0.0
        if refusal.why != "spent":
            return SOON
        now = budget.clock()
        return min(LATER, max(SOON, end_of(refusal.period, now) - now))

    def may_escalate(self) -> bool:
        """Whether tickets may go to the second tier: they wait there, or stay in the first."""
        return self._action == "wait" or self._gone("escalation") is None

    def begin(self, tier: CallTier, tickets: int, tokens: int) -> int:
        """A call begins; returns the most that it can cost, which is reserved."""
        if not self._budget.limits:
            return 0
        most = self._most[tier](tickets, tokens)
        # A ticket alone may be longer than all that share a call.
        self._largest[tier] = max(self._largest[tier], most)
        self._budget.reserve(most)
        return most

    def end(self, most: int) -> None:
        """It has ended: what it cost was paid before."""
        self._budget.release(most)

    def blocked(self) -> str | None:
        """In words, why tickets wait; None while calls go on."""
        if self._action != "wait" or not self._budget.limits:
            return None
        for tier in self._most:
            if (period := self._gone(tier)) is not None:
                end = datetime.fromtimestamp(end_of(period, self._budget.clock()), UTC)
                used_up = f"{self._name(period)} is used up"
                return f"{used_up}: tickets wait until {end:%Y-%m-%d %H:%M} UTC"
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
        for period, limit in self._budget.limits.items():
            spent = self._budget.spent(period)
            key = period, begin_of(period, self._budget.clock())
            if key not in self._warned and spent >= self._warn * limit:
                self._warned.add(key)
                log.warning("%s: %d%% is spent", self._name(period), 100 * spent // limit)

    def _gone(self, tier: CallTier) -> Period | None:
        """The budget that has too little left for a call of ``tier``, with none in flight."""
        for period, limit in self._budget.limits.items():
            if self._largest[tier] > limit - self._budget.spent(period):
                return period
        return None

    def _name(self, period: Period) -> str:
        amount = (Decimal(self._budget.limits[period]) / PICODOLLARS_PER_DOLLAR).normalize()
        return f"budget_per_{period} of ${amount:f}"


def budget_of(settings: Settings) -> Budget:
    """The budgets that are set; without any, everything may be spent."""
    limits: dict[Period, int] = {
        period: int(amount * PICODOLLARS_PER_DOLLAR)
        for period, amount in settings.budgets.items()
        if amount is not None
    }
    return Budget(limits, settings.window_seconds)


def guard_of(settings: Settings, budget: Budget, part: Callable[[], tuple[Part, int]]) -> Guard:
    """The guard for these settings."""
    prices = prices_of(settings)
    most = {
        tier: most_of(prompt_of(settings, model), prices)
        for tier, model in models(settings).items()
    }
    largest = settings.batch_size, settings.batch_tokens
    return Guard(budget, settings.budget_action, settings.budget_warn, most, largest, part)
