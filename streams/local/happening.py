"""A button of the demo that was pressed, and what came of it."""

from dataclasses import dataclass, field
from typing import Any, Literal

Phase = Literal["breaking", "recovering", "over", "failed"]


@dataclass(slots=True)
class Happening:
    """A button that was pressed."""

    fault: str
    title: str
    began_at: float
    """Epoch seconds."""
    phase: Phase = "breaking"
    said: list[str] = field(default_factory=list)
    """What was done and seen, a sentence each."""
    ended_at: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Times are epoch milliseconds."""
        return {
            "fault": self.fault,
            "title": self.title,
            "phase": self.phase,
            "said": list(self.said),
            "began_at": int(self.began_at * 1000),
            "ended_at": None if self.ended_at is None else int(self.ended_at * 1000),
        }
