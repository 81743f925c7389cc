"""Which partitions are not read for now, so that one with much in hand holds up no other. Pure."""

from collections.abc import Mapping

OF_WHAT_IS_FREE = 2
"""Beyond its own room a partition may have so many times what is free in hand: one that is busy
alone comes to about half of all."""

OWN = 4
"""One part in so many of the room is shared out: each partition's share is its own, whatever the
others have in hand."""


def held_back(in_hand: Mapping[int, int], most: int) -> frozenset[int]:
    """The partitions that have too much ``in_hand`` (by partition), of ``most`` for all together.

    One that is the only one is never held back, and neither is one with less than its own share:
    where all together have too much, only such are read.
    """
    if len(in_hand) < 2:
        return frozenset()
    own = max(1, most // (OWN * len(in_hand)))
    bound = OF_WHAT_IS_FREE * (most - sum(max(own, held) for held in in_hand.values()))
    return frozenset(number for number, held in in_hand.items() if held >= max(own, bound))
