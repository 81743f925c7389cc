"""The gates of all tiers, as those see them to whom a model is as good as another."""

import asyncio
import logging
from collections.abc import Sequence

from streams.claude.gate import Gate

log = logging.getLogger(__name__)


class Gates:
    """One gate for each model: a model that is retired must not stop the other one's calls."""

    def __init__(self, gates: Sequence[Gate]) -> None:
        self._gates = gates

    @property
    def blocked(self) -> str | None:
        """In words, why tickets wait until a person acts; None while calls go on."""
        return next((gate.blocked for gate in self._gates if gate.blocked is not None), None)

    @property
    def paused(self) -> bool:
        """Whether the API asked callers to wait, and the time is not over."""
        return any(gate.paused for gate in self._gates)

    @property
    def last_end(self) -> float:
        """When the last call ended, in monotonic seconds."""
        return max(gate.last_end for gate in self._gates)

    async def until_idle(self) -> None:
        """Return when no call is in flight."""
        await asyncio.gather(*(gate.until_idle() for gate in self._gates))

    def shut(self) -> None:
        """Let no call through any more: the worker gives up its partitions."""
        for gate in self._gates:
            gate.shut()

    def reopen(self) -> None:
        """The worker has partitions again."""
        for gate in self._gates:
            gate.reopen()

    def stop(self, reason: str) -> None:
        """Let no call through until the worker is restarted."""
        log.error("calls are stopped, tickets wait: %s", reason)
        for gate in self._gates:
            gate.stop(reason)
