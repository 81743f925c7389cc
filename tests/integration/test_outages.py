"""An API in trouble is back-pressure: tickets wait, nothing is lost, work goes on by itself."""

import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.stack import SHARED, Stack, Worker, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

TICKETS = 400


def readiness(worker: Worker) -> tuple[int, str]:
    assert worker.health
    try:
        with urllib.request.urlopen(worker.health + "/readyz", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


async def finish(stack: Stack) -> None:
    report = await stack.until_finished(TICKETS)
    assert [worker.stop() for worker in stack.workers] == [0] * len(stack.workers), stack.logs()
    report = await stack.report()
    assert (report.lost, report.duplicates) == (0, 0)
    assert report.api_calls == sum(report.calls.values())
    assert report.spend_picodollars == report.api_spend_picodollars
    assert await stack.broken_promises(strict=True) == []


async def test_a_revoked_key_stops_calls_says_so_and_goes_on_when_it_works_again(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.02}, max_calls=20) as stack:
        await stack.create_topics()
        stack.api.faults(error={"401": 1})
        await stack.send_samples(TICKETS)
        worker = stack.worker()
        stack.until("it says that it is held", lambda: worker.said("calls are stopped"))
        code, reason = readiness(worker)
        assert code == 503
        assert "ANTHROPIC_API_KEY" in reason
        held_at = stack.calls()
        time.sleep(3)
        # The calls that were in flight, then probes two seconds apart and more.
        assert stack.calls() - held_at <= 3
        stack.api.faults(error={})
        await finish(stack)
        assert worker.said("is over")


async def test_overload_errors_and_rate_limits_are_waited_for(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    faults: dict[str, object] = {
        "latency": 0.02,
        "error": {529: 0.3, 500: 0.1, 429: 0.01},
        "retry_after": 1,
        "bad_json": 0.1,
        "filler": 0.2,
        "wrong_case": 0.2,
        "refuse": 0.02,
    }
    with running_stack(
        kafka, namespace, tmp_path, faults, **SHARED, max_calls=50, retry_max_wait=1.0
    ) as stack:
        await stack.create_topics()
        await stack.send_samples(TICKETS)
        stack.worker()
        await finish(stack)
        report = await stack.report()
        assert {"overloaded_error", "api_error", "not_json"} <= report.calls.keys()


SLOTS = 5


async def test_an_outage_of_everything_ends_in_no_dead_letter(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.02}, max_calls=SLOTS, retry_max_wait=1.0
    ) as stack:
        await stack.create_topics()
        stack.api.faults(error={"529": 1})
        await stack.send_samples(TICKETS)
        stack.worker()
        # Far more tries for each ticket than a single bad ticket would get. An API that never
        # answered is called a few times a second at most.
        stack.until("many tries", lambda: stack.calls() > SLOTS * 20)
        stack.api.faults(error={})
        await finish(stack)
        report = await stack.report()
        broken_samples = report.dead_letters
        assert broken_samples == report.tickets - sum(report.routed.values())
        audit = [e async for e in dead_letter_stages(stack)]
        assert set(audit) == {"decode"}


async def dead_letter_stages(stack: Stack):  # type: ignore[no-untyped-def]
    from streams.audit.snapshot import read_topic

    async for record in read_topic(stack.settings.bootstrap_servers, stack.topics.dead_letter):
        yield dict(record.headers)["ticket-streams.error.stage"].decode()
