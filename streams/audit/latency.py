"""How long calls took lately, from their records."""

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from streams.events.model import CallRecord

MOST_CALLS = 20_000
"""Calls remembered; of more than these the newest count."""


def percentile(values: Sequence[int], percent: int) -> int:
    """The smallest value that ``percent`` of 100 of them do not exceed (nearest rank); 0 of none.

    ``percent`` is 1 to 100.
    """
    if not values:
        return 0
    return sorted(values)[math.ceil(percent * len(values) / 100) - 1]


class Latency(NamedTuple):
    """Milliseconds within which so many of the answered calls had their answer (nearest rank)."""

    calls: int
    p50: int
    p95: int
    p99: int


class Latencies:
    """Takes call records; remembers those that ended in the last ``seconds``."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._calls: deque[tuple[int, int]] = deque(maxlen=MOST_CALLS)

    def take(self, call: CallRecord) -> None:
        """One more; only answers count, as a refusal takes no time."""
        if call.usage_seen:
            self._calls.append((call.ended_at, call.ended_at - call.started_at))

    def now(self, now: float) -> Latency | None:
        """Of the last seconds before ``now`` (epoch seconds). None where there was no answer."""
        since = (now - self._seconds) * 1000
        # Partitions are read side by side: nearly, not quite, in the order of time.
        while self._calls and self._calls[0][0] < since:
            self._calls.popleft()
        taken = sorted(took for ended_at, took in self._calls if ended_at >= since)
        if not taken:
            return None
        return Latency(len(taken), *(percentile(taken, percent) for percent in (50, 95, 99)))
