"""The lease: a worker that stood still too long must not act, for it may have lost its partitions.

Fencing keeps a zombie from writing; only this keeps it from paying for calls. Marking the worker as
dead and going on is not enough: callbacks that wait on the loop run before any such mark is seen.
"""

import logging
import os
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

EXIT_LEASE_LOST = 7


class Lease:
    """Renewed by a task on the event loop; ``limit`` in seconds, ``clock`` monotonic."""

    def __init__(
        self,
        limit: float,
        clock: Callable[[], float] = time.monotonic,
        die: Callable[[int], object] = os._exit,
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._die = die
        self._renewed: float | None = None

    def check(self) -> None:
        """End the process at once if the lease has run out. Call before anything that costs.

        It begins with the first renewal.
        """
        stood = 0.0 if self._renewed is None else self._clock() - self._renewed
        if stood > self._limit:
            log.critical(
                "the worker stood still for %.1f s (at most %.1f): it exits to be restarted",
                stood,
                self._limit,
            )
            logging.shutdown()
            self._die(EXIT_LEASE_LOST)

    def renew(self) -> None:
        """The event loop runs."""
        self.check()
        self._renewed = self._clock()
