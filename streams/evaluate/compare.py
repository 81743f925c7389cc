"""Two runs over the same tickets: which is right more often, and may that be chance?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from streams.evaluate.judged import Judged


@dataclass(frozen=True, slots=True)
class Comparison:
    """Tickets by who was right about them. ``chance`` is how likely a difference at least as large
    is between two runs that are equally good (McNemar's test, exact)."""

    both: int
    only_first: int
    only_second: int
    neither: int
    chance: float


def compare(first: Sequence[Judged], second: Sequence[Judged]) -> Comparison:
    """Of the tickets (lines) that both runs judged."""
    others = {one.line: one.right for one in second}
    pairs = [(one.right, others[one.line]) for one in first if one.line in others]
    only_first, only_second = pairs.count((True, False)), pairs.count((False, True))
    return Comparison(
        both=pairs.count((True, True)),
        only_first=only_first,
        only_second=only_second,
        neither=pairs.count((False, False)),
        chance=_both_tails(only_first, only_second),
    )


def _both_tails(one: int, other: int) -> float:
    """How likely ``one + other`` tosses of a coin come out at least as uneven as this."""
    tosses = one + other
    tail = sum(math.comb(tosses, heads) for heads in range(min(one, other) + 1))
    return min(1.0, 2 * tail / (1 << tosses))
