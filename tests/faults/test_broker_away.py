"""The broker dies or freezes: nothing is lost or doubled, and no result that was durable is bought
again. The worker waits it out or exits to be restarted; a supervisor restarts it here."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.delivery.last_resort import EXIT_FAILED
from streams.local.kafka.broker import EmbeddedKafka
from streams.local.kafka.probe import answers
from tests.faults.test_worker_killed import answered_calls_by_ticket
from tests.stack import Stack, Worker, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(400)]

TICKETS = 1_500
IN_FLIGHT = 40


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """One of its own: the shared one must not be harmed."""
    with EmbeddedKafka(tmp_path / "kafka") as broker:
        yield broker


def supervise(stack: Stack, worker: Worker) -> Worker:
    """Restart a worker that has ended, as its supervisor would."""
    if worker.alive:
        return worker
    assert worker.exit_code in (1, EXIT_FAILED), stack.logs()
    return stack.worker()


async def finish(stack: Stack, worker: Worker) -> None:
    deadline = time.monotonic() + 200
    while True:
        worker = supervise(stack, worker)
        report = await stack.report()
        if sum(report.routed.values()) + report.dead_letters >= TICKETS:
            break
        assert time.monotonic() < deadline, f"{report}\n{stack.logs()}"
    assert worker.stop() == 0, stack.logs()
    report = await stack.report()
    assert (report.tickets, report.lost, report.duplicates) == (TICKETS, 0, 0)
    assert await stack.broken_promises(strict=False) == []
    assert max((await answered_calls_by_ticket(stack)).values()) == 1
    lost_calls = report.api_calls - sum(report.calls.values())
    assert 0 <= lost_calls <= 2 * IN_FLIGHT * len(stack.workers)


async def test_a_broker_killed_for_ten_seconds(
    broker: EmbeddedKafka, namespace: str, tmp_path: Path
) -> None:
    faults: dict[str, object] = {"latency": 0.1}
    with running_stack(broker.bootstrap, namespace, tmp_path, faults, max_calls=IN_FLIGHT) as stack:
        await stack.create_topics()
        await stack.send_samples(TICKETS)
        worker = stack.worker()
        stack.until("it calls", lambda: stack.calls() > 300)
        broker.kill()
        time.sleep(10)
        # What Kafka cannot take is not bought.
        assert stack.calls() < 300 + 6 * IN_FLIGHT
        broker.start()
        await finish(stack, worker)


async def test_a_broker_frozen_beyond_every_timeout(
    broker: EmbeddedKafka, namespace: str, tmp_path: Path
) -> None:
    faults: dict[str, object] = {"latency": 0.1}
    with running_stack(broker.bootstrap, namespace, tmp_path, faults, max_calls=IN_FLIGHT) as stack:
        await stack.create_topics()
        await stack.send_samples(TICKETS)
        worker = stack.worker()
        stack.until("it calls", lambda: stack.calls() > 300)
        broker.freeze()
        time.sleep(40)
        broker.thaw()
        stack.until("the broker is back", lambda: answers("127.0.0.1", broker.port))
        await finish(stack, worker)
