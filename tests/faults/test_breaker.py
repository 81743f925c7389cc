"""Poison without end: the worker stops and says so instead of draining the topic into the bin."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local.samples import draw
from tests.stack import Event, Stack, Worker, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(240)]

GOOD = 60
LEAST = 20
STALL_LIMIT = 10
PARTITIONS = 4


def mostly_poison() -> Iterator[Event]:
    """Nine events that are no tickets after each that is one."""
    events = draw(10 * GOOD, seed=4)
    for n, event in enumerate(event for event in events if event.expect != "dead_letter"):
        if n == GOOD:
            return
        yield event.key, event.value
        yield from ((b"p%d-%d" % (n, m), b'{"order": 7}') for m in range(9))


def get(worker: Worker, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{worker.health}{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


async def stopped(stack: Stack, rest: float) -> str:
    """Start a worker, wait for its breaker and ``rest`` seconds more, and end it. What /readyz
    said."""
    calls = stack.calls()
    worker = stack.worker()
    stack.until("the breaker opens", lambda: worker.said("dead-letter breaker"))
    code, reason = get(worker, "/readyz")
    assert code == 503
    assert get(worker, "/livez")[0] == 200
    with pytest.raises(AssertionError, match="waited"):
        stack.until("it ends by itself", lambda: not worker.alive, timeout=rest)
    # Those of the few good tickets before, and not of the 40 that are in hand.
    assert stack.calls() - calls < LEAST
    assert worker.log.read_text().count("dead-letter breaker") == 1
    assert worker.stop(timeout=stack.settings.stop_grace + 10) == 0, stack.logs()
    return reason


async def test_a_topic_of_poison_stops_the_worker_and_loses_nothing(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(
        kafka,
        namespace,
        tmp_path,
        {"latency": 0.05},
        dead_letter_least=LEAST,
        stall_limit=STALL_LIMIT,
        max_pending=400,
    ) as stack:
        await stack.create_topics(partitions=PARTITIONS)
        tickets = await stack.send(mostly_poison())

        # The watchdog looks each second, and would end a worker that stalls.
        reason = await stopped(stack, rest=STALL_LIMIT + 3)
        assert reason.startswith("dead-letter breaker: ")
        assert "(most: not_a_ticket)" in reason
        assert "TICKET_STREAMS_DEAD_LETTER_SHARE" in reason
        first = await stack.report()
        assert 0 < first.dead_letters < LEAST
        assert first.lost > 0  # not finished yet: below no committed offset

        # A restart tries again, and bins no more than that again.
        await stopped(stack, rest=1)
        second = await stack.report()
        assert second.dead_letters <= 2 * LEAST

        let_go: dict[str, object] = {"dead_letter_share": 1.0}
        stack.worker_settings = stack.settings.model_copy(update=let_go)
        worker = stack.worker()
        await stack.until_finished(tickets)
        assert get(worker, "/readyz") == (200, "ready\n")
        assert worker.stop() == 0, stack.logs()
        report = await stack.report()
        assert (report.tickets, report.lost, report.duplicates) == (tickets, 0, 0)
        assert (sum(report.routed.values()), report.dead_letters) == (GOOD, 9 * GOOD)
        # Strict: no call was made that is not in the books, so none twice.
        assert await stack.broken_promises(strict=True) == []
