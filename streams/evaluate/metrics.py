"""How often it is right: accuracy, precision, recall, F1, and who is taken for whom."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from streams.evaluate.judged import Judged

Z_95 = 1.959963984540054
"""The normal distribution's quantile that leaves 2.5% on either side."""


@dataclass(frozen=True, slots=True)
class Score:
    """One category: tickets that belong there, tickets that went there, and those that did both.

    A quotient without a denominator is None, not 0.
    """

    name: str
    expected: int
    given: int
    right: int

    @property
    def precision(self) -> float | None:
        """Of what went there, the share that belongs there."""
        return self.right / self.given if self.given else None

    @property
    def recall(self) -> float | None:
        """Of what belongs there, the share that went there."""
        return self.right / self.expected if self.expected else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both."""
        both = self.expected + self.given
        return 2 * self.right / both if both else None


def accuracy(judged: Sequence[Judged]) -> float:
    """The share that went where it belongs; of at least one ticket."""
    return sum(one.right for one in judged) / len(judged)


def wilson(right: int, of: int) -> tuple[float, float]:
    """Where the true share lies with 95% confidence (Wilson's interval); ``of`` is at least 1."""
    share = right / of
    z2 = Z_95 * Z_95
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z_95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def confusion(judged: Iterable[Judged]) -> Counter[tuple[str, str]]:
    """Tickets by (where they belong, where they went)."""
    return Counter((one.expected, one.category) for one in judged)


def scores(judged: Iterable[Judged], names: Iterable[str]) -> list[Score]:
    """The score of each of ``names``, in their order."""
    matrix = confusion(judged)
    expected: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for (belongs, went), count in matrix.items():
        expected[belongs] += count
        given[went] += count
    return [Score(name, expected[name], given[name], matrix[name, name]) for name in names]


def macro_f1(found: Iterable[Score]) -> float:
    """The mean F1 of the categories that any ticket belongs in, large and small alike.

    A category without tickets has no say: a file need not have all of them.
    """
    values = [score.f1 for score in found if score.expected and score.f1 is not None]
    return sum(values) / len(values) if values else 0.0
