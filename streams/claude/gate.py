"""The gate before every call: closed while the API wants us to wait, or a person must act."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from streams.claude.failures import Failure

log = logging.getLogger(__name__)

PROBE_FIRST = 2.0
PROBE_LONGEST = 30.0
"""Seconds between probing calls while the gate is held: doubling from the first to the longest."""

MOST_REFUSED = 20
"""Requests refused in a row, with no answer between them, that can still be the tickets' fault."""

LONG = 3600.0


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls answered and failed since the start."""

    answered: int
    failed: int


class Gate:
    """Shared by all calls of a worker.

    ``before_call`` runs right before each call is let through; ``clock`` gives monotonic seconds.
    """

    def __init__(
        self,
        before_call: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._before_call = before_call
        self._clock = clock
        self._shut = False
        self._idle = asyncio.Event()
        self._idle.set()
        self.in_flight = 0
        self.last_end = clock()
        self._paused_until = 0.0
        self._held: Failure | None = None
        self._stopped: str | None = None
        self._opened = asyncio.Event()
        self._next_probe = 0.0
        self._probe_every = PROBE_FIRST
        self._probing = False
        self._refused = 0
        self.answered = 0
        self.failed = 0

    @property
    def held(self) -> Failure | None:
        """Why calls are stopped until a probe is answered; None while they go on."""
        return self._held

    @property
    def blocked(self) -> str | None:
        """In words, why tickets wait until a person acts; None while calls go on."""
        return self._stopped or (None if self._held is None else str(self._held))

    @property
    def proven(self) -> bool:
        """Whether our requests are sound as such: calls are answered, and few are refused."""
        return self.answered > 0 and self._refused <= MOST_REFUSED

    @property
    def tally(self) -> Tally:
        """The counts up to now."""
        return Tally(self.answered, self.failed)

    @property
    def paused(self) -> bool:
        """Whether the API asked everybody to wait, and the time is not over."""
        return self._clock() < self._paused_until

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Wait until a call may be made, and count it as in flight while the block lasts."""
        probes = await self._until_open()
        self.in_flight += 1
        self._idle.clear()
        try:
            self._before_call()
            yield
        finally:
            self.in_flight -= 1
            self.last_end = self._clock()
            if probes:
                self._probing = False
                self._probe_every = min(2 * self._probe_every, PROBE_LONGEST)
                self._next_probe = self.last_end + self._probe_every
            if not self.in_flight:
                self._idle.set()

    def confirm(self) -> None:
        """Right before a call that was let through, and has waited for something since."""
        self._before_call()

    async def until_idle(self) -> None:
        """Return when no call is in flight."""
        await self._idle.wait()

    async def _until_open(self) -> bool:
        """Return when a call may be made; True for the one caller at a time that probes a hold."""
        while True:
            now = self._clock()
            if self._shut or self._stopped is not None:
                await asyncio.sleep(LONG)
            elif now < self._paused_until:
                await asyncio.sleep(self._paused_until - now)
            elif self._held is None:
                return False
            elif now >= self._next_probe and not self._probing:
                self._probing = True
                return True
            else:
                due = self._next_probe - now
                try:
                    async with asyncio.timeout(due if due > 0 else PROBE_FIRST):
                        await self._opened.wait()
                except TimeoutError:
                    continue

    def shut(self) -> None:
        """Let no call through any more: the worker gives up its partitions. Waiters are cancelled
        by whoever made them."""
        self._shut = True

    def reopen(self) -> None:
        """The worker has partitions again."""
        self._shut = False

    def stop(self, reason: str) -> None:
        """Let no call through until the worker is restarted: what is wrong no call can find out.
        Calls in flight may end."""
        self._stopped = self._stopped or reason

    def succeeded(self) -> None:
        """A call was answered: whatever held us is mended."""
        self.answered += 1
        self._refused = 0
        if self._held is not None:
            log.warning("calls go on: %s is over", self._held.error_type)
            self._held = None
            self._opened.set()

    def refused(self) -> None:
        """The API refused a request as such."""
        self._refused += 1

    def pause(self, seconds: float) -> None:
        """The API asks everybody to wait."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    def hold(self, failure: Failure) -> None:
        """Stop calling until a probe is answered."""
        if self._held is None:
            log.error("calls are stopped, tickets wait: %s", failure)
            self._opened.clear()
            self._probe_every = PROBE_FIRST
            self._next_probe = self._clock() + self._probe_every
        self._held = failure
