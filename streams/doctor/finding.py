"""What a check found."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "warn", "wrong"]
"""``note``: cannot be seen from here. ``warn``: works, and may not for ever. ``wrong``: does not
work, or not as promised."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and what to do."""

    check: str
    level: Level
    message: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.message} → {self.advice}" if self.advice else self.message
