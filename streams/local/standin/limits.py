"""Rate limits: token buckets that refill continuously, one set for each family of models."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from streams.local.standin.errors import ApiError


class Limits(NamedTuple):
    """What an organisation may use in a minute."""

    requests: int
    input_tokens: int
    output_tokens: int

    def changed(self, changes: Mapping[str, Any]) -> "Limits":
        """A copy with ``changes`` by name; ValueError for unknown names and bad values."""
        for name, value in changes.items():
            if name not in self._fields:
                raise ValueError(f"{name}: there is no such limit")
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}: must be a whole number of 1 or more")
        return self._replace(**changes)


# Of the API's reference, "Rate limits"; "unlimited" is a hundred times the highest tier.
TIERS = {
    "start": Limits(1_000, 2_000_000, 400_000),
    "build": Limits(5_000, 5_000_000, 1_000_000),
    "scale": Limits(10_000, 10_000_000, 2_000_000),
    "unlimited": Limits(1_000_000, 1_000_000_000, 200_000_000),
}


@dataclass(slots=True)
class Bucket:
    """Refills at ``per_minute``, holds ``capacity``; output may take it below zero."""

    per_minute: int
    capacity: float
    level: float
    at: float

    @classmethod
    def full(cls, per_minute: int, burst_seconds: float, now: float) -> "Bucket":
        """A bucket that holds ``burst_seconds`` of its flow, at least one."""
        capacity = max(per_minute * burst_seconds / 60, 1.0)
        return cls(per_minute, capacity, capacity, now)

    def change(self, per_minute: int, burst_seconds: float, now: float) -> None:
        """Another flow from now on; no more is kept than the bucket holds then."""
        self.refill(now)
        self.per_minute = per_minute
        self.capacity = max(per_minute * burst_seconds / 60, 1.0)
        self.level = min(self.level, self.capacity)

    def refill(self, now: float) -> None:
        """Brings the level up to date."""
        self.level = min(self.capacity, self.level + (now - self.at) * self.per_minute / 60)
        self.at = now

    def wait(self, cost: float) -> float:
        """Seconds until ``cost`` can be taken. One larger than the bucket needs it full."""
        return max(0.0, (min(cost, self.capacity) - self.level) * 60 / self.per_minute)

    def until_full(self) -> float:
        """Seconds."""
        return (self.capacity - self.level) * 60 / self.per_minute


class RateLimiter:
    """The buckets of one family. Times are epoch seconds."""

    def __init__(self, limits: Limits, burst_seconds: float, now: float) -> None:
        self._burst_seconds = burst_seconds
        self._requests, self._input, self._output = (
            Bucket.full(limit, burst_seconds, now) for limit in limits
        )

    def change(self, limits: Limits, now: float) -> None:
        """Other limits from now on."""
        buckets = (self._requests, self._input, self._output)
        for bucket, limit in zip(buckets, limits, strict=True):
            bucket.change(limit, self._burst_seconds, now)

    def admit(self, input_tokens: int, now: float) -> None:
        """Takes one request and its uncached input tokens; ApiError 429 when a bucket is empty.

        Output is taken when it is known; until then it is enough that something is left.
        """
        for bucket in (self._requests, self._input, self._output):
            bucket.refill(now)
        waits = {
            "requests": self._requests.wait(1),
            "input tokens": self._input.wait(input_tokens),
            "output tokens": self._output.wait(1),
        }
        name, wait = max(waits.items(), key=lambda item: item[1])
        if wait > 0:
            raise ApiError(
                429,
                f"This request would exceed your organization's rate limit of {name} per minute.",
                headers={"retry-after": str(math.ceil(wait))},
            )
        self._requests.level -= 1
        self._input.level -= input_tokens

    def spent(self, output_tokens: int) -> None:
        """Takes the tokens of a finished answer."""
        self._output.level -= output_tokens

    def headers(self, now: float) -> dict[str, str]:
        """The ``anthropic-ratelimit-*`` headers; tokens left are rounded to 1,000."""
        out: dict[str, str] = {}
        both = (self._input, self._output)
        for name, buckets, step in (
            ("requests", (self._requests,), 1),
            ("input-tokens", (self._input,), 1000),
            ("output-tokens", (self._output,), 1000),
            ("tokens", both, 1000),
        ):
            left = limit = 0
            full = 0.0
            for bucket in buckets:
                bucket.refill(now)
                limit += bucket.per_minute
                left += max(
                    0, int(bucket.level / step + 0.5) * step if step > 1 else int(bucket.level)
                )
                full = max(full, bucket.until_full())
            prefix = "anthropic-ratelimit-" + name
            out[prefix + "-limit"] = str(limit)
            out[prefix + "-remaining"] = str(left)
            out[prefix + "-reset"] = _rfc3339(math.ceil(now + full))
        return out


@lru_cache(maxsize=256)
def _rfc3339(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
