"""The demo as its dashboard sees it."""

import time
from typing import Any

from streams.local.demo_faults import FaultDesk
from streams.local.promises_watch import PromisesWatch


class Panel:
    """What the dashboard shows of the demo, and what its buttons do."""

    def __init__(self, watch: PromisesWatch, desk: FaultDesk) -> None:
        self._watch = watch
        self._desk = desk

    def told(self) -> dict[str, Any]:
        """The promises, the buttons, and what the last one did."""
        last = self._desk.last
        promises = {
            **self._watch.verdict.as_json(),
            "current": self._watch.current,
            "still_seconds": int(time.time() - self._watch.moved_at),
        }
        return {
            "promises": promises,
            "faults": [
                {"name": name, "title": fault.title, "about": fault.about}
                for name, fault in self._desk.faults.items()
            ],
            "happening": None if last is None else last.as_json(),
        }

    def press(self, fault: str) -> dict[str, Any]:
        """Begin it. Raises KeyError for an unknown one, and BusyError."""
        return self._desk.press(fault).as_json()
