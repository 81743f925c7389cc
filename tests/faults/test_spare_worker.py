"""More workers than partitions: the spare one is ready, and takes over when it must."""

import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(240)]

TICKETS = 600


async def test_a_spare_worker_is_ready_and_takes_over(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.1}, max_calls=10) as stack:
        await stack.create_topics(partitions=1)
        await stack.send_samples(TICKETS)
        workers = [stack.worker(), stack.worker()]
        stack.until("both are up", lambda: all(worker.health for worker in workers))
        stack.until("one calls", lambda: stack.calls() > 50)

        def ready() -> bool:
            for worker in workers:
                with urllib.request.urlopen(f"{worker.health}/readyz", timeout=5) as response:
                    assert response.status == 200
            return True

        stack.until("both are ready", lambda: not_refused(ready))
        busy = max(workers, key=lambda worker: worker.log.read_text().count("opened: fence"))
        busy.kill()
        report = await stack.until_finished(TICKETS)
        workers.remove(busy)
        assert workers[0].stop() == 0, stack.logs()
        assert (report.lost, report.duplicates) == (0, 0)
        assert await stack.broken_promises(strict=False) == []


def not_refused(ready: Callable[[], bool]) -> bool:
    try:
        return ready()
    except OSError:
        return False
