"""Which faults the next round has: each once, in the seed's order, then random ones and pairs."""

import random
from collections.abc import Iterator, Sequence
from itertools import combinations

from tests.faults.campaign.fault import Fault

PAIR_SHARE = 0.8
Together = tuple[Fault, ...]


def plan(faults: Sequence[Fault], seed: int) -> Iterator[Together]:
    """Endless."""
    rng = random.Random(seed)
    yield from ((fault,) for fault in rng.sample(faults, len(faults)))
    pairs = [pair for pair in combinations(faults, 2) if fit(*pair)]
    while True:
        if pairs and rng.random() < PAIR_SHARE:
            yield rng.choice(pairs)
        else:
            yield (rng.choice(faults),)


def fit(one: Fault, other: Fault) -> bool:
    """Whether both may happen in one round."""
    places = {fault.needs for fault in (one, other) if fault.needs}
    return not (one.alone or other.alone) and len(places) < 2


def seconds(together: Together) -> float:
    """About how long their round takes."""
    longest = max(fault.seconds for fault in together)
    return longest + 10 * (len(together) - 1)
