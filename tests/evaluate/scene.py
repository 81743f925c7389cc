"""Judged tickets for tests, in few words."""

from streams.evaluate.judged import Asked, Judged

NAMES = ("billing", "technical", "product_feedback", "account", "unknown")
CENT = 10**10
"""In pico-dollars."""


def said(category: str | None, confidence: float = 0.9, cost: int = CENT, ms: int = 100) -> Asked:
    return Asked(category, confidence, cost, ms)


def judged(
    expected: str,
    first: Asked | None,
    escalation: Asked | None = None,
    *,
    category: str | None = None,
    line: int = 1,
    reason: str | None = None,
) -> Judged:
    """Where it went is what the last tier said, unless ``category`` says otherwise."""
    last = escalation or first
    went = category or (last.category if last else None) or "unknown"
    return Judged(line, expected, went, last.confidence if last else 0.0, reason, first, escalation)
