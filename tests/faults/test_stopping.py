"""SIGTERM: what is in flight is finished and committed; nothing is paid for twice."""

import signal
import time
from pathlib import Path

import pytest

from streams.local.kafka.broker import EmbeddedKafka
from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(240)]

TICKETS = 2_000

GRACE = 2.0
SOON = GRACE + 13.0
"""Seconds: the grace, five for the last transactions, five for Kafka's clients, and some."""


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


@pytest.mark.parametrize("broken", ["killed", "frozen"])
@pytest.mark.parametrize("load", ["busy", "idle"])
async def test_sigterm_while_the_broker_is_away_exits_0_soon(
    broken: str, load: str, namespace: str, tmp_path: Path
) -> None:
    with (
        EmbeddedKafka(tmp_path / "kafka") as broker,
        running_stack(
            broker.bootstrap, namespace, tmp_path, {"latency": 0.1}, max_calls=30, stop_grace=GRACE
        ) as stack,
    ):
        await stack.create_topics()
        await stack.send_samples(TICKETS if load == "busy" else 100)
        worker = stack.worker()
        if load == "busy":
            stack.until("it calls", lambda: stack.calls() > 300)
        else:
            await stack.until_finished(100)
        if broken == "killed":
            broker.kill()
        else:
            broker.freeze()
        time.sleep(3)  # until its heartbeats and its commits have failed, or hang
        began = time.monotonic()
        assert worker.stop(60) == 0, stack.logs()
        took = time.monotonic() - began
        if broken == "frozen":
            broker.thaw()
        print(f"{broken}, {load}: {took:.1f} s")
        assert took < SOON, stack.logs()


async def test_sigterm_while_the_api_is_silent_exits_0_after_the_grace(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {"hang": 1.0}, max_calls=30, stop_grace=GRACE
    ) as stack:
        await stack.create_topics()
        await stack.send_samples(100)
        worker = stack.worker()
        stack.until("it is up", lambda: worker.opened and worker.health is not None)
        time.sleep(1)  # its calls are on their way
        began = time.monotonic()
        assert worker.stop(60) == 0, stack.logs()
        assert time.monotonic() - began < SOON, stack.logs()
