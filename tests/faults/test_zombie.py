"""A worker frozen beyond its session: its partitions go on elsewhere, it writes nothing more."""

import signal
from pathlib import Path

import pytest

from streams.delivery.lease import EXIT_LEASE_LOST
from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(240)]

TICKETS = 2_000


async def test_a_thawed_zombie_writes_nothing_begins_no_call_and_exits(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.1}, max_calls=30) as stack:
        await stack.create_topics()
        await stack.send_samples(TICKETS)
        zombie = stack.worker()
        stack.until("it calls", lambda: stack.calls() > 200)
        zombie.signal(signal.SIGSTOP)
        heir = stack.worker()
        await stack.until_finished(TICKETS)
        before = await stack.report()

        zombie.signal(signal.SIGCONT)
        assert zombie.wait() == EXIT_LEASE_LOST, stack.logs()

        assert heir.stop() == 0
        after = await stack.report()
        written = ("routed", "dead_letters", "lost", "duplicates", "calls", "spend_picodollars")
        assert all(getattr(after, name) == getattr(before, name) for name in written)
        assert (after.lost, after.duplicates) == (0, 0)
        # A request that it was sending when it froze may still go out: those were in flight, and as
        # many again may have been answered and not committed.
        assert after.api_calls - sum(after.calls.values()) <= 2 * stack.settings.max_calls
        assert await stack.broken_promises(strict=False) == []
