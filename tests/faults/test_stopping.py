"""SIGTERM: what is in flight is finished and committed; nothing is paid for twice."""

import signal
from pathlib import Path

import pytest

from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(240)]

TICKETS = 2_000


async def test_sigterm_under_load_finishes_its_calls_and_exits_0(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.1}, max_calls=50) as stack:
        await stack.create_topics()
        await stack.send_samples(TICKETS)
        first = stack.worker()
        stack.until("it calls", lambda: stack.calls() > 300)
        assert first.stop() == 0, stack.logs()
        assert stack.calls() < TICKETS * 0.9

        second = stack.worker()
        await stack.until_finished(TICKETS)
        second.signal(signal.SIGINT)
        assert second.wait() == 0, stack.logs()
        # Strict: the API counted no call that is not in the books.
        assert await stack.broken_promises(strict=True) == []
        report = await stack.report()
        assert (report.lost, report.duplicates, report.unsettled_picodollars) == (0, 0, 0)
        assert report.spend_picodollars == report.api_spend_picodollars


async def test_a_join_under_load_repeats_no_call(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.1}, max_calls=30) as stack:
        await stack.create_topics()
        await stack.send_samples(TICKETS)
        workers = [stack.worker()]
        stack.until("it calls", lambda: stack.calls() > 200)
        workers.append(stack.worker())
        stack.until("the other has joined", lambda: workers[1].opened)
        await stack.until_finished(TICKETS)
        assert [worker.stop() for worker in workers] == [0, 0], stack.logs()
        assert await stack.broken_promises(strict=True) == []
