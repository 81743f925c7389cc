"""A demo's panel without a demo: says what a test sets, and notes what was pressed."""

from dataclasses import replace
from typing import Any

from streams.dashboard.demo_panel import BusyError
from streams.local.promises import Verdict

FAULTS = ("kill-worker", "burst")


class HandPressed:
    def __init__(self) -> None:
        self.verdict = Verdict("holds", tickets=2_000, books=10**12, api=10**12, checks=16)
        self.current = True
        self.still = 0
        self.pressed: list[str] = []
        self.said: list[str] = []
        self.busy = False

    def change(self, **changes: Any) -> None:
        self.verdict = replace(self.verdict, **changes)

    def told(self) -> dict[str, Any]:
        happening = {
            "fault": self.pressed[-1] if self.pressed else "",
            "title": "Kill the worker",
            "phase": "breaking" if self.busy else "over",
            "said": self.said,
            "began_at": len(self.pressed),
            "ended_at": None,
        }
        return {
            "promises": {
                **self.verdict.as_json(),
                "current": self.current,
                "still_seconds": self.still,
            },
            "faults": [
                {"name": name, "title": name.replace("-", " "), "about": f"What {name} does"}
                for name in FAULTS
            ],
            "happening": happening if self.pressed else None,
        }

    def press(self, fault: str) -> dict[str, Any]:
        if fault not in FAULTS:
            raise KeyError(fault)
        if self.busy:
            raise BusyError("kill worker is not over yet")
        self.busy = True
        self.pressed.append(fault)
        return {"fault": fault}
