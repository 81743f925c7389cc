"""What one worker knows of one budget, and whether a call may begin that is paid from it.

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

from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from streams.books.limits import Limit, begin_of

FRESH = 1.5
"""Seconds: with an older view no call begins."""

UNSEEN_PART = 100
"""All workers together keep at most one part in so many of a budget where others may not see it."""

Why = Literal["spent", "reserved", "unseen", "stale"]
"""Why no call may begin: the money is gone; it is held for calls in flight; others have to see ours
first; or we have to see theirs."""


class Part(NamedTuple):
    """A worker's part of the work: ``owned`` of ``of`` partitions."""

    owned: int
    of: int


class Purse:
    """Money in pico-dollars.

    It belongs to the period in which its window of the books begins; nothing is ever set back to
    zero when a period turns, so it cannot be freed twice. ``clock`` gives epoch seconds,
    ``monotonic`` seconds that never go back.
    """

    def __init__(
        self, limit: Limit, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        # by the begin of the period
        self._seen: dict[float, int] = {}
        # by partition and window
        self._unseen: dict[tuple[int, float], int] = {}
        self._reserved = 0
        # own money that was seen here lately: when, and how much
        self._young: deque[tuple[float, int]] = deque()
        self._young_sum = 0
        self.set(limit)

    def set(self, limit: Limit) -> None:
        """The same budget with another amount."""
        self.limit = limit
        self.amount = limit.picodollars

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

    def pay(self, partition: int, window: float, amount: int) -> None:
        """A call of ``partition`` that ended in the window has this cost, or this upper bound where
        it is not known."""
        key = partition, window
        self._unseen[key] = self._unseen.get(key, 0) + amount

    # Told by who reads the books

    def see(self, partition: int, window: float, change: int, *, anew: bool = True) -> None:
        """A window's committed money of ``partition`` has changed. ``anew``: not read before, and
        so perhaps what this worker paid."""
        begin = begin_of(self.limit.period, window)
        self._seen[begin] = self._seen.get(begin, 0) + change
        own = min(self._unseen.get((partition, window), 0), change) if anew else 0
        if own > 0:
            self._grow_old()
            self._unseen[partition, window] -= own
            self._young.append((self._monotonic(), own))
            self._young_sum += own
        if not self._unseen.get((partition, window), 1):
            del self._unseen[partition, window]

    def forget(self, before: float) -> None:
        """Drop what belongs to periods and windows before ``before`` (epoch seconds)."""
        self._seen = {begin: money for begin, money in self._seen.items() if begin >= before}
        self._unseen = {key: money for key, money in self._unseen.items() if key[1] >= before}

    # Asked

    def spent(self) -> int:
        """What is known to be spent in the period that is now."""
        begin = begin_of(self.limit.period, self._clock())
        own = sum(money for (_, window), money in self._unseen.items() if window >= begin)
        return self._seen.get(begin, 0) + own

    def gone(self, most: int) -> bool:
        """Whether less than ``most`` is left, with no call in flight."""
        return most > self.amount - self.spent()

    def refusal(self, most: int, part: Part, *, stale: bool) -> Why | None:
        """Why a call that costs at most ``most`` may not begin now; None if it may."""
        left = self.amount - self.spent()
        if most > left:
            return "spent"
        if stale:
            return "stale"
        if most > left - self._reserved:
            return "reserved"
        if part.owned < part.of and not self._small_enough(most, part):
            return "unseen"
        return None

    def _small_enough(self, most: int, part: Part) -> bool:
        """Whether others may be left in the dark about ``most`` more."""
        self._grow_old()
        mine = self._reserved + sum(self._unseen.values()) + self._young_sum
        return not mine or (mine + most) * part.of * UNSEEN_PART <= self.amount * part.owned

    def _grow_old(self) -> None:
        """By now all others have seen it, or begin no call."""
        while self._young and self._young[0][0] < self._monotonic() - FRESH:
            self._young_sum -= self._young.popleft()[1]


Held = Sequence[tuple[Purse, int]]
"""What is reserved in which purses."""


def reserve(purses: Sequence[Purse], most: int) -> Held:
    """A call begins that costs at most ``most``, paid from all of these."""
    for purse in purses:
        purse.reserve(most)
    return [(purse, most) for purse in purses]


def let_go(held: Held) -> None:
    """It has ended: what it cost was paid before."""
    for purse, most in held:
        purse.release(most)
