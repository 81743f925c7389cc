"""What the call records tell that the books do not: how long calls took, and of which limits."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from streams.dashboard.timeline import MINUTE, Timeline, sizes_for
from streams.events.model import ABANDONED, CLOSING, CallRecord

GROWTH = 1.05
"""Each bucket of a latency is so much longer than the one before: percentiles are within 2.5%."""
KEPT_SECONDS = 8 * 86_400
PERCENTILES = (50, 95, 99)


class Limits(NamedTuple):
    """The API's limits a minute for the whole organisation; None where no answer told."""

    requests: int | None
    input_tokens: int | None
    output_tokens: int | None


class CallsSeen:
    """Takes the call records one by one. Memory is bounded by time, not by the number of calls."""

    def __init__(self, window_seconds: int = MINUTE) -> None:
        sizes = sizes_for(window_seconds)
        self.latency = Timeline(sizes)
        """Answered calls, by (model, bucket)."""
        self.usage = Timeline(sizes)
        """Requests, and input and output tokens that count against limits, by (model,)."""
        self.limits: dict[str, Limits] = {}
        """By model, as its newest answer told them."""

    def add(self, call: CallRecord, stamp: int) -> None:
        """One more record; ``stamp`` as in :class:`Timeline`."""
        if call.outcome in (ABANDONED, *CLOSING):
            return  # no call of its own, or one that nobody heard of
        at = call.ended_at / 1000
        if call.usage_seen:
            bucket = bucket_of(call.ended_at - call.started_at)
            self.latency.add(at, (call.model, str(bucket)), [1], stamp)
        written = call.cache_write_5m_tokens + call.cache_write_1h_tokens
        used = [int(call.status is not None), call.input_tokens + written, call.output_tokens]
        self.usage.add(at, (call.model,), used, stamp)
        told = Limits(call.requests_limit, call.input_tokens_limit, call.output_tokens_limit)
        if any(told):
            self.limits[call.model] = told

    @property
    def since(self) -> int | None:
        """Earlier calls were not read (epoch seconds); None: none was read yet."""
        return self.usage.first

    def forget(self, before: float) -> None:
        """Drops what ended before."""
        self.latency.forget(before)
        self.usage.forget(before)

    def limit_use(self, now: float) -> list[dict[str, Any]]:
        """By model: each limit with what was used of it in the busier of the last two minutes."""
        minute = int(now) // MINUTE * MINUTE
        size = self.usage.sizes[0]
        found = []
        for model, limits in sorted(self.limits.items()):
            used = [0, 0, 0]
            for start in {minute // size * size, (minute - MINUTE) // size * size}:
                row = self.usage.step(size, start).get((model,), (0, 0, 0))
                used = [max(a, b * MINUTE // size) for a, b in zip(used, row, strict=True)]
            told = zip(Limits._fields, limits, used, strict=True)
            kinds = {kind: {"limit": limit, "used": n} for kind, limit, n in told}
            found.append({"model": model, **kinds})
        return found


def bucket_of(milliseconds: int) -> int:
    """The bucket of a latency."""
    return round(math.log(max(1, milliseconds), GROWTH))


def percentiles(buckets: Mapping[int, int]) -> list[int]:
    """Milliseconds at ``PERCENTILES`` (nearest rank) of counts by bucket, and how many there are.
    Zeros where there are none."""
    count = sum(buckets.values())
    found, passed = list[int](), 0
    ranks = [max(1, math.ceil(count * percent / 100)) for percent in PERCENTILES]
    for bucket in sorted(buckets):
        passed += buckets[bucket]
        while len(found) < len(ranks) and passed >= ranks[len(found)]:
            found.append(round(GROWTH**bucket))
    return [*(found or [0] * len(ranks)), count]


def latency_of(cells: Iterable[tuple[tuple[str, ...], Any]], model: str | None) -> list[int]:
    """:func:`percentiles` of a step of :attr:`CallsSeen.latency`, of one model or of all."""
    buckets: dict[int, int] = {}
    for (its_model, bucket), [count] in cells:
        if model in (None, its_model):
            buckets[int(bucket)] = buckets.get(int(bucket), 0) + count
    return percentiles(buckets)
