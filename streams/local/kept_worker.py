"""A worker that is started again whenever it ends, as a supervisor in production does."""

import asyncio
import time
from collections.abc import Callable

from streams.local.child import ChildProcess

PAUSE_SECONDS = 0.5
"""Between the end of one process and the start of the next."""
SHORT_LIFE = 5.0
"""A worker that ended by itself sooner than this did not get to work."""


class KeptWorker:
    """Runs until :meth:`stop`; ``start`` makes the process. One task at a time runs :meth:`run`."""

    def __init__(self, start: Callable[[], ChildProcess]) -> None:
        self._start = start
        self._child: ChildProcess | None = None
        self._stopping = False
        self._killed = False
        self.starts = 0
        self.short_lives = 0
        """How many in a row ended by themselves at once; something is wrong with their settings."""

    async def run(self) -> None:
        """Start it, and again whenever it ends, until it is stopped. Kills it when cancelled."""
        try:
            while not self._stopping:
                self._child, began = self._start(), time.monotonic()
                self.starts += 1
                await asyncio.to_thread(self._child.wait)
                short = time.monotonic() - began < SHORT_LIFE and not self._killed
                self.short_lives = self.short_lives + 1 if short else 0
                self._killed = False
                if not self._stopping:
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            if self._child is not None and self._child.alive:
                self._child.kill()

    def kill(self) -> int | None:
        """SIGKILL. The process id it had; None where none runs at this moment."""
        if self._child is None or not self._child.alive:
            return None
        pid, self._killed = self._child.pid, True
        self._child.kill()
        return pid

    async def stop(self, timeout: float = 30) -> int:
        """SIGTERM, and no other one after it. Its exit code, 0 where none ran at this moment.
        Raises TimeoutError."""
        self._stopping = True
        if self._child is None or not self._child.alive:
            return 0
        self._child.terminate()
        return await asyncio.to_thread(self._child.wait, timeout)
