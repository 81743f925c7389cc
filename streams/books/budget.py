"""Budgets: whether a call may begin, by what is spent in this hour, day and month (UTC).

Three kinds of money count. *Seen*: committed by any worker, and read here. *Unseen*: this worker's
own, known to the pico-dollar, and not read here yet. *Reserved*: the most that its calls in flight
can cost. What the other workers have that is not seen here yet, nobody here knows. So each worker
keeps what it has and others may not have seen small: one call, or its part of a hundredth of the
budget, whichever is larger. By so much for each *other* worker, and by no more, can a budget be
overshot, however many begin at the same instant; a single worker overshoots by nothing.

For this, others must have seen what one is sure of: all views must be younger than FRESH seconds,
and what was seen counts on for as long as money that others may not have seen. A worker that died
counts as one more until what it had in flight is booked.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from streams.events.model import CallRecord

Period = Literal["hour", "day", "month"]

FRESH = 1.5
"""Seconds: with an older view no call begins."""

UNSEEN_PART = 100
"""All workers together keep at most one part in so many of a budget where others may not see it."""

Why = Literal["spent", "reserved", "unseen", "stale"]
"""Why no call may begin: the money is gone; it is held for calls in flight; others have to see ours
first; or we have to see theirs."""


class Refusal(NamedTuple):
    """No call may begin now."""

    why: Why
    period: Period


class Part(NamedTuple):
    """A worker's part of the work: ``owned`` of ``of`` partitions."""

    owned: int
    of: int


def begin_of(period: Period, at: float) -> float:
    """When the period that holds ``at`` began (epoch seconds, UTC)."""
    moment = datetime.fromtimestamp(at, UTC).replace(minute=0, second=0, microsecond=0)
    if period != "hour":
        moment = moment.replace(hour=0)
    if period == "month":
        moment = moment.replace(day=1)
    return moment.timestamp()


def end_of(period: Period, at: float) -> float:
    """When the period that holds ``at`` ends, and the next one begins (epoch seconds, UTC)."""
    begin = datetime.fromtimestamp(begin_of(period, at), UTC)
    longest = {"hour": timedelta(hours=1), "day": timedelta(days=1), "month": timedelta(days=31)}
    return begin_of(period, (begin + longest[period]).timestamp())


class Budget:
    """The budgets of the whole installation, as one worker keeps them. Money in pico-dollars.

    Money belongs to the period in which its window of the books begins; nothing is ever set back
    to zero when a period turns, so it cannot be freed twice. ``clock`` gives epoch seconds,
    ``monotonic`` seconds that never go back.
    """

    def __init__(
        self,
        limits: Mapping[Period, int],
        window_seconds: int,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = dict(limits)
        self._window_seconds = window_seconds
        self.clock = clock
        self.monotonic = monotonic
        self.current_at = -FRESH - 1.0
        """All is seen here that was committed by then, in monotonic seconds."""
        self._seen: dict[tuple[Period, float], int] = {}
        # by partition and window
        self._unseen: dict[tuple[int, float], int] = {}
        self._reserved = 0
        # own money that was seen here lately: when, and how much
        self._young: deque[tuple[float, int]] = deque()
        self._young_sum = 0

    # Told by this worker

    def reserve(self, most: int) -> None:
        """A call begins that costs at most ``most``."""
        self._reserved += most

    def release(self, most: int) -> None:
        """It has ended."""
        self._reserved -= most

    def release_all(self) -> None:
        """No call is in flight: one that was cancelled before it began may not have ended."""
        self._reserved = 0

    def pay(self, partition: int, ended_at: int, amount: int) -> None:
        """A call of ``partition`` that ended at epoch milliseconds ``ended_at`` has this cost, or
        this upper bound where it is not known."""
        if amount > 0 and self.limits:
            window = ended_at / 1000 // self._window_seconds * self._window_seconds
            key = partition, window
            self._unseen[key] = self._unseen.get(key, 0) + amount

    def book(self, call: CallRecord) -> None:
        """A call of this worker has ended."""
        amount = call.cost_picodollars + call.unsettled_picodollars
        self.pay(call.source_partition, call.ended_at, amount)

    # Told by who reads the books

    def see(self, partition: int, window: float, change: int) -> None:
        """A window's committed money of ``partition`` has changed."""
        for period in self.limits:
            key = period, begin_of(period, window)
            self._seen[key] = self._seen.get(key, 0) + change
        own = min(self._unseen.get((partition, window), 0), change)
        if own > 0:
            self._grow_old()
            self._unseen[partition, window] -= own
            self._young.append((self.monotonic(), own))
            self._young_sum += own
        if not self._unseen.get((partition, window), 1):
            del self._unseen[partition, window]

    def forget(self, before: float) -> None:
        """Drop what belongs to periods and windows before ``before`` (epoch seconds)."""
        self._seen = {key: money for key, money in self._seen.items() if key[1] >= before}
        self._unseen = {key: money for key, money in self._unseen.items() if key[1] >= before}

    # Asked

    def spent(self, period: Period) -> int:
        """What is known to be spent in the period that is now."""
        begin = begin_of(period, self.clock())
        own = sum(money for (_, window), money in self._unseen.items() if window >= begin)
        return self._seen.get((period, begin), 0) + own

    def refusal(self, most: int, part: Part) -> Refusal | None:
        """Why a call that costs at most ``most`` may not begin now; None if it may."""
        stale = self.monotonic() - self.current_at > FRESH
        for period, limit in self.limits.items():
            left = limit - self.spent(period)
            if most > left:
                return Refusal("spent", period)
            if stale:
                return Refusal("stale", period)
            if most > left - self._reserved:
                return Refusal("reserved", period)
            if part.owned < part.of and not self._small_enough(most, limit, part):
                return Refusal("unseen", period)
        return None

    def _small_enough(self, most: int, limit: int, part: Part) -> bool:
        """Whether others may be left in the dark about ``most`` more."""
        self._grow_old()
        mine = self._reserved + sum(self._unseen.values()) + self._young_sum
        return not mine or (mine + most) * part.of * UNSEEN_PART <= limit * part.owned

    def _grow_old(self) -> None:
        """By now all others have seen it, or begin no call."""
        while self._young and self._young[0][0] < self.monotonic() - FRESH:
            self._young_sum -= self._young.popleft()[1]
