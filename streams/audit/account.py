"""Compares the books with the API's own count.

The books may know less than the API: calls in flight when a worker died were charged and never
recorded (``unaccounted``). They must never know more.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.audit.report import Check, Culprits
from streams.events.model import WRITTEN_OFF, CallRecord


@dataclass(slots=True)
class Totals:
    """All call records. Money in pico-dollars."""

    records: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    """Calls that had a response, by HTTP status."""
    unanswered: int = 0
    settled: int = 0
    unsettled: int = 0

    def add(self, call: CallRecord) -> None:
        """One more record."""
        self.records += 1
        self.settled += call.cost_picodollars
        self.unsettled += call.unsettled_picodollars
        if call.outcome == WRITTEN_OFF:
            return  # no call: only its bound is taken back
        if call.status is None:
            self.unanswered += 1
        else:
            self.by_status[str(call.status)] += 1


@dataclass(frozen=True, slots=True)
class Account:
    """What the API counted. Money in pico-dollars."""

    by_status: Mapping[str, int]
    picodollars: int

    @classmethod
    def of(cls, account: Mapping[str, Any]) -> "Account":
        """From ``GET /_standin/account``. Raises KeyError for something else."""
        calls = {str(status): int(n) for status, n in account["calls"].items()}
        return cls(calls, sum(int(m["picodollars"]) for m in account["by_model"].values()))

    def unaccounted(self, totals: Totals) -> dict[str, int]:
        """What the API counted beyond everything that the books know or reckon with."""
        return {
            "calls": max(0, self._missing(totals) - totals.unanswered),
            "picodollars": max(0, self.picodollars - totals.settled - totals.unsettled),
        }

    def checks(self, totals: Totals, *, strict: bool) -> list[Check]:
        """The verdicts; unaccounted calls and money fail only if ``strict``."""
        calls, money = Culprits(), Culprits()
        for status, recorded in sorted(totals.by_status.items()):
            counted = self.by_status.get(status, 0)
            if recorded > counted:
                calls.add(f"status {status}: {recorded} calls recorded, the API counted {counted}")
        if totals.settled > self.picodollars:
            money.add(
                f"{totals.settled - self.picodollars} pico-dollars that the API never charged"
            )
        missing = self.unaccounted(totals)
        if strict and missing["calls"]:
            calls.add(f"{missing['calls']} calls that no record tells of")
        if strict and missing["picodollars"]:
            money.add(f"{missing['picodollars']} pico-dollars that no record tells of")
        return [
            calls.check(
                "account_calls",
                "the API counted every recorded call",
                sum(self.by_status.values()),
                totals.records,
            ),
            money.check(
                "account_money",
                "the API charged what the books say, at most the unsettled more (pico-dollars)",
                self.picodollars,
                totals.settled,
            ),
        ]

    def _missing(self, totals: Totals) -> int:
        return sum(max(0, n - totals.by_status[status]) for status, n in self.by_status.items())
