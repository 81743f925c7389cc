"""kill -9 between two calls for a ticket: the first is paid, and stays in what the ticket costs."""

from pathlib import Path

import pytest

from streams.audit.snapshot import read_topic
from streams.events.wire import decode_done
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(240)]

TICKETS = 800


async def paid_and_asked_again(stack: Stack) -> int:
    """Done rows of tickets whose paid answer could not be used."""
    rows = read_topic(stack.settings.bootstrap_servers, stack.topics.done)
    return sum([decode_done(row.value).ask_again async for row in rows])


async def test_what_a_ticket_cost_before_a_kill_stays_in_what_it_costs(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    faults: dict[str, object] = {"latency": 0.3, "bad_json": 0.4}
    with running_stack(kafka, namespace, tmp_path, faults, max_calls=50) as stack:
        await stack.create_topics(partitions=4)
        await stack.send_samples(TICKETS)
        worker = stack.worker()
        for _ in range(2):
            before = stack.calls()
            stack.until("it calls", lambda n=before: stack.calls() > n + 150)  # type: ignore[misc]
            worker.kill()
            worker = stack.worker()
        report = await stack.until_finished(TICKETS)
        assert await paid_and_asked_again(stack) > 20
        assert worker.stop() == 0, stack.logs()
        report = await stack.report()
        assert (report.tickets, report.lost, report.duplicates) == (TICKETS, 0, 0)
        assert await stack.broken_promises(strict=False) == []
