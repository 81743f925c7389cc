"""A worker that is started again whenever it ends, as a supervisor in production does."""

import asyncio
from collections.abc import Callable

from streams.local.child import ChildProcess

PAUSE_SECONDS = 0.5
"""Between the end of one process and the start of the next."""
EXIT_REFUSED = 1
"""A setting is wrong, or Kafka is away: the worker has not begun."""


class KeptWorker:
    """Runs until :meth:`stop`; ``start`` makes the process. One task at a time runs :meth:`run`."""

    def __init__(self, start: Callable[[], ChildProcess]) -> None:
        self._start = start
        self._child: ChildProcess | None = None
        self._stopping = False
        self.refused = 0
        """How many in a row could not begin."""

    async def run(self) -> None:
        """Start it, and again whenever it ends, until it is stopped. Kills it when cancelled."""
        try:
            while not self._stopping:
                self._child = self._start()
                code = await asyncio.to_thread(self._child.wait)
                self.refused = self.refused + 1 if code == EXIT_REFUSED else 0
                if not self._stopping:
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            if self._child is not None and self._child.alive:
                self._child.kill()

    def kill(self) -> int | None:
        """SIGKILL. The process id it had; None where none runs at this moment."""
        if self._child is None or not self._child.alive:
            return None
        pid = self._child.pid
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
