"""Money is a whole number of pico-dollars (1e-12 USD): every price of Claude is whole in it."""

from collections.abc import Sequence
from decimal import Decimal

PICODOLLARS_PER_DOLLAR = 10**12


def split(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` in whole parts in proportion to ``weights`` (at least one, none negative).

    The parts sum exactly to the total: what rounding down leaves over goes, one each, to the
    largest remainders (Hamilton's method; ties to the earlier part). All weights 0 counts as equal.
    """
    if not weights or min(weights) < 0 or total < 0:
        raise ValueError("split needs weights and no negative numbers")
    if total == 0:  # as nearly always where nothing is cached
        return [0] * len(weights)
    whole = sum(weights)
    if whole == 0:
        return split(total, [1] * len(weights))
    parts = [total * w // whole for w in weights]
    remainders = [total * w % whole for w in weights]
    largest_first = sorted(range(len(weights)), key=remainders.__getitem__, reverse=True)
    for i in largest_first[: total - sum(parts)]:
        parts[i] += 1
    return parts


def dollars(picodollars: int, places: int = 6) -> str:
    """For people: ``$0.001234``, exact up to ``places`` and rounded half to even after that."""
    return f"${Decimal(picodollars) / PICODOLLARS_PER_DOLLAR:,.{places}f}"
