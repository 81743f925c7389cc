"""One labelled ticket after the run: what each tier said, what came out, what it took."""

from dataclasses import dataclass

DEAD_LETTER = "dead_letter"
"""In place of a category: the ticket was given up, so it is never right."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one tier said about a ticket, and what its calls took together.

    ``category`` is None where no call brought a usable answer; then ``confidence`` is 0.
    ``latency_ms`` is the sum of the calls' own durations: waiting for a slot is not in it.
    """

    category: str | None
    confidence: float
    cost_picodollars: int
    latency_ms: int


@dataclass(frozen=True, slots=True)
class Judged:
    """``category`` is where the ticket went; ``reason`` says why, where no model's answer did it.

    ``first`` and ``escalation`` are None where that tier was not asked.
    """

    line: int
    expected: str
    category: str
    confidence: float
    reason: str | None
    first: Asked | None
    escalation: Asked | None

    @property
    def right(self) -> bool:
        """Whether it went where it belongs."""
        return self.category == self.expected

    @property
    def cost_picodollars(self) -> int:
        """Of all its calls, in both tiers."""
        return sum(asked.cost_picodollars for asked in (self.first, self.escalation) if asked)

    @property
    def latency_ms(self) -> int:
        """Of all its calls, in both tiers."""
        return sum(asked.latency_ms for asked in (self.first, self.escalation) if asked)
