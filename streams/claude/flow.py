"""Requests, input tokens or output tokens of one worker: how much may be used, and when."""

from math import inf

from streams.claude.fair_share import FairShare
from streams.claude.rate_headers import Bucket

CREDIT = 0.25
"""Seconds of its rate that a flow saves up at most while nobody calls, or while we are late."""


class Flow:
    """A token bucket of our own. ``cap``: the most a second, whatever the API allows."""

    def __init__(self, cap: float | None) -> None:
        self._cap = inf if cap is None else cap
        self._fair = FairShare()
        self._credit = 0.0
        self._at = 0.0
        self.rate = self._cap
        """Units a second that may be used now; inf: any number."""

    @property
    def level(self) -> float:
        """Seconds of flow left in the organisation's bucket; inf: nothing is known."""
        return self._fair.level

    @property
    def debt(self) -> float:
        """Seconds until what was taken has been earned; below 0: there is credit."""
        return -self._credit / self.rate

    @property
    def binds(self) -> bool:
        """Whether it is used as fast as it may be."""
        return self.rate < inf and self._credit < 0.5 * CREDIT * self.rate

    def wait(self, now: float) -> float:
        """Seconds until something may be taken."""
        self._earn(now)
        return max(0.0, self.debt)

    def take(self, now: float, units: float) -> None:
        """Use ``units``; below 0: so many were not used after all."""
        self._earn(now)
        if self.rate < inf:
            self._credit = min(self._credit - units, CREDIT * self.rate)

    def hear(self, now: float, bucket: Bucket, delay: float) -> None:
        """What an answer says; ``delay`` seconds lie between a call and its trace in the level."""
        self._earn(now)
        self._credit -= self._fair.hear(now, bucket, delay, wanted=self.binds)
        self.rate = min(self._cap, self._fair.rate)

    def refused(self, now: float, delay: float) -> None:
        """A 429, most likely of this flow."""
        self._earn(now)
        self._credit = min(self._credit, 0.0)
        self._fair.refused(now, delay)
        self.rate = min(self._cap, self._fair.rate)

    def _earn(self, now: float) -> None:
        if now > self._at:
            if self.rate < inf:
                earned = (now - self._at) * self.rate
                self._credit = min(self._credit + earned, CREDIT * self.rate)
            self._at = now
