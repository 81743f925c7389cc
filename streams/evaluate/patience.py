"""When a run is given up: a worker waits out an outage, a person at a terminal wants to know."""

from streams.events.model import CallRecord

FIRST_FAILURES = 5
"""Calls that may fail before the first is answered: a wrong address is told at once."""

LONGEST_SILENCE_MS = 60_000
"""How long no call may be answered after that: a run that is half paid is not given up for less."""


class Patience:
    """Watches the calls of one run."""

    def __init__(self) -> None:
        self._failures = 0
        self._answered_at: int | None = None

    def lost(self, call: CallRecord) -> str | None:
        """The reason to give up after ``call``, or None to go on."""
        if call.usage_seen:
            self._answered_at = call.ended_at
            return None
        self._failures += 1
        if self._answered_at is None and self._failures >= FIRST_FAILURES:
            return f"{self._failures} calls failed and none was answered, the last {call.outcome}"
        if self._answered_at is not None and call.ended_at - self._answered_at > LONGEST_SILENCE_MS:
            seconds = (call.ended_at - self._answered_at) // 1000
            return f"no call was answered for {seconds} s, the last failed with {call.outcome}"
        return None
