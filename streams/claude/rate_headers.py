"""The rate limits that every answer of the API tells: ``anthropic-ratelimit-*`` headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from math import inf

PREFIX = "anthropic-ratelimit-"
MOST = 10**12
"""A larger number is no limit of ours."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One of the organisation's token buckets at the moment it was looked at."""

    limit: int
    """What flows in, in requests or tokens a minute; above 0."""
    remaining: int
    """What is in it; tokens are rounded to 1,000 by the API."""
    full_in: float | None = None
    """Seconds until nothing more fits in, too many rather than too few (by up to 2)."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What one answer says of the organisation's buckets; None where it says nothing usable."""

    requests: Bucket | None
    input_tokens: Bucket | None
    output_tokens: Bucket | None


def read_rate_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """The limits in an answer's headers, names in lower case or found in any case by the mapping.

    What is missing or nonsense is None; None altogether where no bucket is told.
    """
    sent = _seconds_of_date(headers.get("date", ""))
    found = [_bucket(headers, name, sent) for name in ("requests", "input-tokens", "output-tokens")]
    return RateLimits(*found) if any(found) else None


def _bucket(headers: Mapping[str, str], name: str, sent: float | None) -> Bucket | None:
    limit = _whole(headers.get(f"{PREFIX}{name}-limit", ""))
    remaining = _whole(headers.get(f"{PREFIX}{name}-remaining", ""))
    if not limit or remaining is None:
        return None
    full = _seconds_of_reset(headers.get(f"{PREFIX}{name}-reset", ""))
    if full is None or sent is None or not 0 <= full - sent < inf:
        return Bucket(limit, remaining)
    return Bucket(limit, remaining, full - sent)


def _whole(text: str) -> int | None:
    if len(text) > 13 or not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    return number if number <= MOST else None


# One reading serves the answers of a whole second.
@lru_cache(maxsize=64)
def _seconds_of_reset(text: str) -> float | None:
    """Epoch seconds of an RFC 3339 time."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=64)
def _seconds_of_date(text: str) -> float | None:
    """Epoch seconds of HTTP's ``date``."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
