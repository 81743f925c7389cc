"""The prompt cache: which prefixes are written, which are read."""

from dataclasses import dataclass, field
from typing import NamedTuple

from streams.local.standin.requests import Cacheable, MessageRequest

SECONDS = {"5m": 300.0, "1h": 3600.0}
MOST_ENTRIES = 1_000


class CacheUse(NamedTuple):
    """Tokens of a request's prefix, under the name by which they are paid."""

    write_5m: int = 0
    write_1h: int = 0
    read: int = 0


@dataclass(slots=True)
class PromptCache:
    """Times are seconds of a monotonic clock."""

    _expiry: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def use(self, request: MessageRequest, now: float) -> CacheUse:
        """What the request writes or reads; a prefix below the model's least is left alone."""
        prefix = request.cacheable
        if prefix is None or prefix.tokens < request.model.least_cacheable:
            return CacheUse()
        if self._expiry.get(prefix.key, 0.0) > now:
            self._keep(prefix, now)
            return CacheUse(read=prefix.tokens)
        if prefix.ttl == "1h":
            return CacheUse(write_1h=prefix.tokens)
        return CacheUse(write_5m=prefix.tokens)

    def answered(self, request: MessageRequest, use: CacheUse, now: float) -> None:
        """Makes a written prefix readable: not before its first answer has begun."""
        if request.cacheable and (use.write_5m or use.write_1h):
            self._keep(request.cacheable, now)

    def clear(self) -> None:
        """Forgets everything."""
        self._expiry.clear()

    def _keep(self, prefix: Cacheable, now: float) -> None:
        if prefix.key not in self._expiry and len(self._expiry) >= MOST_ENTRIES:
            self._expiry.pop(next(iter(self._expiry)))
        self._expiry[prefix.key] = now + SECONDS[prefix.ttl]
