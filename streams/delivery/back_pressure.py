"""Which partitions are not read for now, so that one with much in hand holds up no other. Pure."""

from collections.abc import Mapping

OF_WHAT_IS_FREE = 2
"""A partition is read while it has less in hand than so many times what is still free: one alone
comes to two thirds of all, and the rest is the others'."""


def held_back(in_hand: Mapping[int, int], most: int) -> frozenset[int]:
    """The partitions that have too much ``in_hand`` (by partition), of ``most`` for all together.

    One that is the only one is never held back, and neither is one with nothing in hand: where
    all together have too much, nothing is read at all.
    """
    if len(in_hand) < 2:
        return frozenset()
    bound = OF_WHAT_IS_FREE * (most - sum(in_hand.values()))
    return frozenset(number for number, held in in_hand.items() if held and held >= bound)
