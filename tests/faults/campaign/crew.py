"""The workers of a round under a tiny supervisor: one that ends is started again."""

import asyncio
import random
import re
import signal
import subprocess
from collections import Counter

from streams.delivery.last_resort import EXIT_FAILED
from streams.delivery.lease import EXIT_LEASE_LOST
from tests.stack import Stack, Worker

NOT_STARTED = 1
STOPPED = (0, -signal.SIGTERM, 128 + signal.SIGTERM)
"""As asked; the others of these are those of a worker that was not up yet."""
KILLED = -signal.SIGKILL
RESTARTED = (KILLED, NOT_STARTED, EXIT_FAILED, EXIT_LEASE_LOST)
"""Exit codes after which a supervisor starts a worker again. Any other is a fault of the worker."""

ABANDONED = re.compile(r"(\d+) calls could not be committed in time")
"""What a worker says that lets go of its partitions while Kafka does not take its last commits."""

POLL = 0.05
STOP_SECONDS = 60.0


class Crew:
    """Starts, stops and restarts workers; counts how each ended."""

    def __init__(self, stack: Stack, rng: random.Random) -> None:
        self._stack = stack
        self._rng = rng
        self._running: list[Worker] = []
        self.exits: Counter[int] = Counter()
        """How many workers ended with which code; -9 is a kill."""

    @property
    def running(self) -> list[Worker]:
        """Workers that should run now, the oldest first."""
        return list(self._running)

    @property
    def deaths(self) -> int:
        """Workers that ended without having been asked to, with work in hand."""
        return sum(n for code, n in self.exits.items() if code not in (*STOPPED, NOT_STARTED))

    @property
    def abandoned(self) -> int:
        """Calls that workers told they could not commit before they gave their partitions up."""
        logs = (worker.log.read_text(errors="replace") for worker in self._stack.workers)
        return sum(int(calls) for log in logs for calls in ABANDONED.findall(log))

    @property
    def wrong(self) -> list[str]:
        """Exits that no supervisor should see."""
        known = (*STOPPED, *RESTARTED)
        return [f"a worker ended with {code}" for code in sorted(self.exits) if code not in known]

    def any(self) -> Worker:
        """One of those that run, at random; a new one if there is none."""
        return self._rng.choice(self._running) if self._running else self.start()

    def start(self) -> Worker:
        """One more."""
        worker = self._stack.worker()
        self._running.append(worker)
        return worker

    async def stop(self, worker: Worker) -> int:
        """SIGTERM; it is not started again. Its exit code; -9 if it had to be killed, and 0 if it
        ended with a failure that it had told of before."""
        self._running.remove(worker)
        # Fenced while it was cut off, say: it was about to end with 3, and may finish that first.
        failing = worker.said("exits to be restarted")
        try:
            code = await asyncio.to_thread(worker.stop, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            code = KILLED
        self.exits[code] += 1
        return 0 if failing and code == EXIT_FAILED else code

    async def supervise(self) -> None:
        """For ever: start a worker again a moment after it ended."""
        while True:
            for place, worker in enumerate(self._running):
                if not worker.alive:
                    assert worker.exit_code is not None
                    self.exits[worker.exit_code] += 1
                    self._running[place] = self._stack.worker()
            await asyncio.sleep(POLL)

    async def stop_all(self) -> list[int]:
        """SIGTERM to all at once; their exit codes."""
        return await asyncio.gather(*(self.stop(worker) for worker in self.running))
