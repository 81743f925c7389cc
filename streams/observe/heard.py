"""Listens to what the API says of its rate limits, on the way to whoever paces the calls."""

from collections.abc import Mapping

from streams.classify.triage import CallTier
from streams.claude.client import Reply
from streams.claude.failures import Failure
from streams.claude.pace import Pace
from streams.claude.rate_headers import RateLimits


class HeardPace:
    """Does as ``pace`` does, and remembers the last limits of each model."""

    def __init__(self, pace: Pace, models: Mapping[CallTier, str]) -> None:
        self._pace = pace
        self._models = models
        self.limits: dict[str, RateLimits] = {}
        """By model; one of which nothing was heard is not there."""

    def turns_away(self, tier: CallTier) -> bool:
        """Whether tickets are not even to wait for a call."""
        return self._pace.turns_away(tier)

    def wait(self, tier: CallTier) -> float:
        """Seconds until the next call may begin; 0 for now."""
        return self._pace.wait(tier)

    def group(self, tier: CallTier, most: int) -> int:
        """How many tickets it should hold at most, 1 to ``most``."""
        return self._pace.group(tier, most)

    def begin(self, tier: CallTier, tickets: int, bound: int) -> None:
        """A call begins, with at most ``bound`` input tokens."""
        self._pace.begin(tier, tickets, bound)

    def end(
        self, tier: CallTier, tickets: int, bound: int, outcome: Reply | Failure | None
    ) -> None:
        """It has ended."""
        if outcome is not None and outcome.limits is not None:
            self.limits[self._models[tier]] = outcome.limits
        self._pace.end(tier, tickets, bound, outcome)
