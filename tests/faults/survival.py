"""What each test of a fault does: keep a worker running, wait for all tickets, check the books."""

import time
from collections.abc import Callable

from streams.delivery.last_resort import EXIT_FAILED
from streams.delivery.lease import EXIT_LEASE_LOST
from tests.faults.test_worker_killed import answered_calls_by_ticket, asked
from tests.stack import Stack

RESTARTED = (1, EXIT_FAILED, EXIT_LEASE_LOST)


PATIENCE = 180
"""Seconds. A broker that dies at the wrong moment costs a commit (45 s), the rest of what is in
hand (10 s) and a start, on a machine with other things to do."""


class Survival:
    """One worker of ``stack`` at a time, started again when it ends with a code that asks for it.

    ``exits`` are those codes, in order. ``changes`` are settings of the worker alone, such as the
    address of a proxy.
    """

    def __init__(self, stack: Stack, **changes: object) -> None:
        self.stack = stack
        self.exits: list[int] = []
        stack.worker_settings = stack.worker_settings.model_copy(update=changes)
        self.worker = stack.worker()

    def supervise(self) -> None:
        """Start the worker again if it has ended."""
        code = self.worker.exit_code
        if code is not None:
            assert code in RESTARTED, self.stack.logs()
            self.exits.append(code)
            self.worker = self.stack.worker()

    def until(self, what: str, holds: Callable[[], bool], timeout: float = PATIENCE) -> None:
        """Wait, and supervise meanwhile."""

        def look() -> bool:
            self.supervise()
            return holds()

        self.stack.until(what, look, timeout)

    def until_calls(self, more: int, timeout: float = PATIENCE) -> None:
        """Wait until the API was asked about that many more tickets: far above what can be in
        flight they show commits too."""
        enough = asked(self.stack) + more
        self.until(f"{more} more tickets", lambda: asked(self.stack) >= enough, timeout)

    async def finish(self, tickets: int, timeout: float = PATIENCE) -> None:
        """Wait until all are out; then nothing is lost, doubled, or asked for again."""
        stack = self.stack
        deadline = time.monotonic() + timeout
        while True:
            self.supervise()
            report = await stack.report()
            if sum(report.routed.values()) + report.dead_letters >= tickets:
                break
            assert time.monotonic() < deadline, f"{report}\n{stack.logs()}"
        assert self.worker.stop() == 0, stack.logs()
        report = await stack.report()
        assert (report.tickets, report.lost, report.duplicates) == (tickets, 0, 0)
        assert await stack.broken_promises(strict=False) == []
        assert max((await answered_calls_by_ticket(stack)).values()) == 1
        unrecorded = report.api_calls - sum(report.calls.values())
        # Below 0 where calls that did not get as far as the API had to be booked as unsettled.
        assert unrecorded <= 2 * stack.settings.max_calls * len(self.exits), self.exits
