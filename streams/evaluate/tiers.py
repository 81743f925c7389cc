"""What each tier was asked, how well it did, what it cost and how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass

from streams.audit.latency import percentile
from streams.evaluate.judged import Asked, Judged


@dataclass(frozen=True, slots=True)
class TierFigures:
    """One tier. ``answered``: tickets with a usable answer; ``right``: with the right one.

    Latencies are milliseconds a ticket, over all its calls in this tier.
    """

    name: str
    asked: int
    answered: int
    right: int
    cost_picodollars: int
    p50_ms: int
    p95_ms: int


def tier_figures(judged: Sequence[Judged]) -> list[TierFigures]:
    """The tiers that were asked anything, first to last."""
    tiers = {
        "first": [(one.expected, one.first) for one in judged],
        "escalation": [(one.expected, one.escalation) for one in judged],
    }
    figures = [_figures(name, pairs) for name, pairs in tiers.items()]
    return [tier for tier in figures if tier.asked]


def _figures(name: str, pairs: Sequence[tuple[str, Asked | None]]) -> TierFigures:
    asked = [(expected, answer) for expected, answer in pairs if answer is not None]
    latencies = [answer.latency_ms for _, answer in asked]
    return TierFigures(
        name=name,
        asked=len(asked),
        answered=sum(answer.category is not None for _, answer in asked),
        right=sum(answer.category == expected for expected, answer in asked),
        cost_picodollars=sum(answer.cost_picodollars for _, answer in asked),
        p50_ms=percentile(latencies, 50),
        p95_ms=percentile(latencies, 95),
    )
