"""Who may begin one more call: no partition takes what the others need. Pure."""

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

from streams.classify.triage import CallTier

ESCALATION_SLOTS = 10
"""One slot in so many, at most, is the escalation's: while its model is away the other goes on, and
its tickets, few and at twenty times the price, share calls."""

OF_WHAT_IS_FREE = 8
"""A partition may hold so many times what nobody holds: where one cannot commit, a ninth is left
for the others, and where several cannot, still some."""


H = TypeVar("H", bound=Hashable)
"""What holds slots: a partition."""


class Shares(Generic[H]):
    """Two things are shared out: ``slots`` calls at a time, and twice as many calls that are under
    way or paid and not committed yet, which is what a crash can cost at most.

    Slots: while others wait nobody has more than an equal share of them, however long its calls
    take. Someone who waits always has less than that, if a slot is free.

    Calls not committed: nobody may hold more than OF_WHAT_IS_FREE times what is free (the dynamic
    threshold of shared-memory switches), so that where one partition's transaction takes long the
    others have room. Where nothing can be committed nothing more is bought. ``uncommitted`` has
    those that are paid, by partition.
    """

    def __init__(self, slots: int, uncommitted: Counter[H]) -> None:
        self._slots: dict[CallTier, int] = {
            "first": slots,
            "escalation": max(1, slots // ESCALATION_SLOTS),
        }
        self._taken: dict[CallTier, Counter[H]] = {"first": Counter(), "escalation": Counter()}
        self._in_use: dict[CallTier, int] = {"first": 0, "escalation": 0}
        self._uncommitted = uncommitted

    @property
    def busy(self) -> int:
        """Slots in use."""
        return sum(self._in_use.values())

    @property
    def _free(self) -> int:
        """Calls that may still be begun before one is committed."""
        return 2 * self._slots["first"] - self.busy - self._uncommitted.total()

    def begin(self, tier: CallTier, holder: H) -> None:
        """A call begins."""
        self._in_use[tier] += 1
        self._taken[tier][holder] += 1

    def end(self, tier: CallTier, holder: H) -> None:
        """It has ended."""
        self._in_use[tier] -= 1
        taken = self._taken[tier]
        taken[holder] -= 1
        if not taken[holder]:
            del taken[holder]

    def room(self, tier: CallTier) -> bool:
        """Whether anybody may begin a call."""
        slots = self._slots
        return self._in_use[tier] < slots[tier] and self.busy < slots["first"] and self._free > 0

    def may(self, tier: CallTier, holder: H, waiting: int) -> bool:
        """Whether ``holder``, one of so many that wait, may; ask where there is room."""
        share = -(-self._slots[tier] // waiting)
        if self._taken[tier][holder] >= share:
            return False
        held = sum(calls[holder] for calls in (self._uncommitted, *self._taken.values()))
        # The last one is for somebody who holds none.
        return not held or held < OF_WHAT_IS_FREE * (self._free - 1)
