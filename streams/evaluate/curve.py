"""What another threshold would have given: accuracy and cost, from the answers of one run.

The run knows both tiers' answers for the tickets it escalated. A threshold that escalates only
those is exact. A higher one would escalate tickets that the second tier was never asked about. They
are guessed: that it mends and spoils the first tier's answers as often as it did where it was
asked. Those were the harder tickets, so a point that leans on guesses is never recommended.
``--curve full`` asks the second tier about all tickets; then every point is exact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from streams.classify.triage import LOW_CONFIDENCE
from streams.evaluate.judged import DEAD_LETTER, Asked, Judged
from streams.evaluate.metrics import accuracy
from streams.events.model import UNKNOWN

THRESHOLDS = tuple(number / 100 for number in range(101))

WITHIN = 0.005
"""Accuracy that is given up for a smaller bill: half a point. Also the share of tickets that may be
guessed in a point that is recommended: more could move its accuracy further than that."""


@dataclass(frozen=True, slots=True)
class Point:
    """All ``tickets`` at one threshold. Of the ``escalated`` ones ``guessed`` have no second
    answer; ``cost_picodollars`` is that of all tickets together."""

    threshold: float
    tickets: int
    accuracy: float
    cost_picodollars: int
    escalated: int
    guessed: int

    @property
    def known(self) -> bool:
        """Whether guesses can move the accuracy by WITHIN at most."""
        return self.guessed <= WITHIN * self.tickets


def curve(judged: Sequence[Judged], thresholds: Iterable[float] = THRESHOLDS) -> list[Point]:
    """One point for each of ``thresholds``, without those where there is nothing to guess from."""
    points = []
    for threshold in thresholds:
        settled = [at_threshold(one, threshold) for one in judged]
        escalated = [one for one in settled if escalates(one, threshold)]
        heard = [one for one in escalated if one.escalation is not None]
        guesses = [one for one in escalated if one.escalation is None]
        right: float = sum(one.right for one in settled)
        cost = sum(one.cost_picodollars for one in settled)
        if guesses and not heard:
            continue
        if guesses:
            right += _guess(guesses, heard) - sum(one.right for one in guesses)
            cost += len(guesses) * _mean_cost(heard)
        counts = len(escalated), len(guesses)
        points.append(Point(threshold, len(judged), right / len(judged), cost, *counts))
    return points


def per_thousand(point: Point) -> int:
    """Pico-dollars for 1,000 tickets."""
    return point.cost_picodollars * 1_000 // point.tickets


def recommended(points: Sequence[Point], most_escalated: float) -> Point | None:
    """The cheapest of the points within WITHIN of the best accuracy among them.

    Only points that are known well enough count, and that escalate at most ``most_escalated``
    tickets. Of equals the lowest threshold; None where no point is left.
    """
    known = [p for p in points if p.known and p.escalated <= most_escalated]
    if not known:
        return None
    enough = max(point.accuracy for point in known) - WITHIN - 1e-12
    good = (point for point in known if point.accuracy >= enough)
    return min(good, key=lambda point: (point.cost_picodollars, point.threshold))


def escalates(one: Judged, threshold: float) -> bool:
    """Whether ``one`` needs the second tier at ``threshold``, if there were no cap."""
    if one.first is None or one.category == DEAD_LETTER:
        return False
    return one.first.category is None or one.first.confidence < threshold


def at_threshold(one: Judged, threshold: float) -> Judged:
    """The ticket as it would have gone at ``threshold``; as it went where nobody can tell.

    The rule is :class:`streams.classify.triage.Triage`'s.
    """
    first, second = one.first, one.escalation
    if first is None or one.category == DEAD_LETTER:
        return one
    if not escalates(one, threshold):
        return _placed(one, first, escalation=None)
    if second is None or second.category is None:
        return one
    if second.confidence >= threshold or second.category == first.category:
        return _placed(one, second, escalation=second)
    return replace(one, category=UNKNOWN, confidence=0.0, reason=LOW_CONFIDENCE)


def _placed(one: Judged, by: Asked, escalation: Asked | None) -> Judged:
    category = by.category or UNKNOWN
    return replace(
        one, category=category, confidence=by.confidence, reason=None, escalation=escalation
    )


def _guess(tickets: Sequence[Judged], heard: Sequence[Judged]) -> float:
    """How many of ``tickets`` would be right after the second tier, judging by those ``heard``."""
    total = 0.0
    for was_right in (True, False):
        like = [one for one in heard if _first_was_right(one) == was_right]
        count = sum(_first_was_right(one) == was_right for one in tickets)
        total += count * accuracy(like or heard)
    return total


def _first_was_right(one: Judged) -> bool:
    return one.first is not None and one.first.category == one.expected


def _mean_cost(heard: Sequence[Judged]) -> int:
    """Of the second tier's calls for a ticket."""
    costs = [one.escalation.cost_picodollars for one in heard if one.escalation is not None]
    return sum(costs) // len(costs)
