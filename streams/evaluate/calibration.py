"""Whether confidence can be believed: of the answers given with 0.8, are four in five right?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from streams.evaluate.judged import Asked

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers with a confidence from ``low`` to below ``high`` (the last bin: up to 1 itself)."""

    low: float
    high: float
    answers: int
    confidence: float
    """Mean; 0 in an empty bin, as is the accuracy."""
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """``ece``: expected calibration error, the mean distance of confidence and accuracy over the
    bins, weighted by their answers. ``brier``: the mean squared distance of confidence and truth,
    0 at best, 0.25 for always saying one half."""

    bins: tuple[Bin, ...]
    ece: float
    brier: float

    @property
    def answers(self) -> int:
        """Of all bins."""
        return sum(one.answers for one in self.bins)


def verdicts(asked: Iterable[tuple[str, Asked | None]]) -> list[tuple[float, bool]]:
    """Confidence and truth of the usable answers among pairs of the right category and a tier's."""
    return [
        (answer.confidence, answer.category == expected)
        for expected, answer in asked
        if answer is not None and answer.category is not None
    ]


def calibration(answers: Sequence[tuple[float, bool]]) -> Calibration | None:
    """Of answers as (confidence from 0 to 1, whether it is right); None without any."""
    if not answers:
        return None
    groups: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, right in answers:
        groups[min(int(confidence * BINS), BINS - 1)].append((confidence, right))
    bins = tuple(_bin(number, group) for number, group in enumerate(groups))
    ece = sum(one.answers * abs(one.confidence - one.accuracy) for one in bins) / len(answers)
    brier = sum((confidence - right) ** 2 for confidence, right in answers) / len(answers)
    return Calibration(bins, ece, brier)


def _bin(number: int, group: Sequence[tuple[float, bool]]) -> Bin:
    count = len(group)
    return Bin(
        low=number / BINS,
        high=(number + 1) / BINS,
        answers=count,
        confidence=sum(confidence for confidence, _ in group) / count if count else 0.0,
        accuracy=sum(right for _, right in group) / count if count else 0.0,
    )
