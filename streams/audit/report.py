"""What ``verify`` found: a list of named checks."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MOST_CULPRITS = 10
"""So many are named for each check; all are counted."""


@dataclass(frozen=True, slots=True)
class Check:
    """One promise, and whether it holds. Whatever breaks it is named by its coordinates."""

    name: str
    promise: str
    expected: int
    found: int
    failures: int
    culprits: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the promise holds."""
        return self.failures == 0


@dataclass(frozen=True, slots=True)
class Report:
    """All checks, and what was left out of them because it is not finished."""

    checks: tuple[Check, ...]
    tickets: int
    """Events of the input topic that are still there."""
    unfinished: int
    """Those of them that no transaction has finished yet."""
    moving: int
    """Tickets and rows that changed while they were read, and so were not judged."""
    unaccounted: Mapping[str, int] | None
    """Calls and pico-dollars that the API counted and the books do not have; None if not asked."""
    notes: tuple[str, ...] = ()
    skipped: int = 0
    """Events of the input topic that are finished without a result, by choice."""
    others: int = 0
    """Records of other installations in topics that they share with this one: not judged."""

    @property
    def ok(self) -> bool:
        """Whether every promise holds."""
        return all(check.ok for check in self.checks)

    def check(self, name: str) -> Check:
        """The check of this name. Raises KeyError."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON has it."""
        checks = [{**asdict(check), "ok": check.ok} for check in self.checks]
        return {**asdict(self), "ok": self.ok, "checks": checks}


class Culprits:
    """Collects what breaks one promise."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def add(self, culprit: str) -> None:
        """Counts it, and keeps it if it is among the first."""
        self.count += 1
        if len(self.first) < MOST_CULPRITS:
            self.first.append(culprit)

    def copy(self) -> "Culprits":
        """Another collection that begins with these."""
        other = Culprits()
        other.count, other.first = self.count, [*self.first]
        return other

    def check(self, name: str, promise: str, expected: int, found: int) -> Check:
        """The verdict."""
        return Check(name, promise, expected, found, self.count, tuple(self.first))
