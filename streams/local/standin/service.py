"""The stand-in without HTTP: from the body of a call to the reply, with everything it keeps."""

import asyncio
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from streams.local.standin.account import Account
from streams.local.standin.errors import ApiError, injected, spend_limit
from streams.local.standin.faults import Fate, Faults
from streams.local.standin.generation import Reply, generate
from streams.local.standin.ledger import Ledger
from streams.local.standin.limits import TIERS, Limits, RateLimiter
from streams.local.standin.prices import Model
from streams.local.standin.prompt_cache import CacheUse, PromptCache
from streams.local.standin.requests import MessageRequest


@dataclass(frozen=True, slots=True)
class Options:
    """What it starts with; faults and limits can be changed while it runs."""

    key: str | None = None
    """The only valid key; without it every key is valid that is not empty."""
    seed: int = 1
    limits: Limits = TIERS["unlimited"]
    burst_seconds: float = 10.0
    """Seconds of flow that a rate limit's bucket holds."""
    ledger: Path | None = None
    faults: Faults = field(default_factory=Faults)


@dataclass(slots=True)
class Call:
    """One valid call, from its arrival to its answer."""

    request: MessageRequest
    fate: Fate
    message_id: str
    cache: CacheUse


class Service:
    """Admits calls, waits as long as a model would, makes the reply and charges for it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.faults = options.faults
        self.limits = options.limits
        self.account = Account()
        self.in_flight = 0
        self._ledger = Ledger(options.ledger) if options.ledger else None
        self._cache = PromptCache()
        self._limiters: dict[str, RateLimiter] = {}
        self._rng = random.Random()
        self._calls = 0
        self._replies = 0
        # Identifiers stay unique when a stand-in is started again with the same seed.
        self._run = os.urandom(5).hex()

    def next_request_id(self) -> str:
        """An identifier that no reply had before."""
        self._replies += 1
        return f"req_{self._run}{self._replies:012d}"

    def limiter(self, model: Model) -> RateLimiter:
        """The rate limits that the model shares with its family."""
        found = self._limiters.get(model.family)
        if found is None:
            found = RateLimiter(self.limits, self.options.burst_seconds, time.time())
            self._limiters[model.family] = found
        return found

    def set_limits(self, limits: Limits) -> None:
        """Other rate limits for every family of models, from now on."""
        self.limits = limits
        for limiter in self._limiters.values():
            limiter.change(limits, time.time())

    def admit(self, request: MessageRequest) -> Call:
        """Decides the call's fate. ApiError for an injected error, or 429 at the rate limit.

        The fate depends on the seed and the call's number alone.
        """
        self._calls += 1
        self._rng.seed(self.options.seed * 1_000_003 + self._calls)
        fate = self.faults.decide(self._rng)
        if "spend_limit" in fate.faults:
            raise spend_limit()
        if fate.status is not None:
            raise injected(fate.status, self.faults.retry_after)
        cache = self._cache.use(request, time.monotonic())
        self.limiter(request.model).admit(request.input_tokens - cache.read, time.time())
        return Call(request, fate, f"msg_{self._run}{self._calls:012d}", cache)

    async def answer(self, call: Call) -> Reply:
        """The reply, charged at the moment it is ready: the client may be gone by then."""
        if call.fate.seconds:
            await asyncio.sleep(call.fate.seconds)
        request = call.request
        reply = generate(request, call.cache, call.fate.faults, call.message_id)
        self._cache.answered(request, call.cache, time.monotonic())
        self.limiter(request.model).spent(reply.usage.output)
        self.account.charge(reply.model, reply.usage, reply.picodollars, len(request.tickets()))
        if self._ledger:
            self._ledger.paid(request)
        return reply

    def check_key(self, key: str) -> None:
        """ApiError 401 for a missing or wrong key."""
        if not key or self.options.key not in (None, key):
            raise ApiError(401, "invalid x-api-key" if key else "x-api-key header is required")

    def reset(self) -> None:
        """Clears the account and the prompt cache; calls in flight are counted afterwards."""
        self.account = Account()
        self._cache.clear()

    def close(self) -> None:
        """Closes the ledger."""
        if self._ledger:
            self._ledger.close()
