"""A worker that is not ready says why: /readyz in words that differ from cause to cause."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.stack import Stack, Worker, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(180)]

READY = "ready"


def readiness(worker: Worker) -> str:
    """What /readyz says; nothing while nobody answers."""
    if not worker.health:
        return ""
    try:
        with urllib.request.urlopen(f"{worker.health}/readyz", timeout=5) as response:
            return str(response.read().decode().strip())
    except urllib.error.HTTPError as refused:
        return str(refused.read().decode().strip())
    except OSError:
        return ""


def until_said(stack: Stack, worker: Worker, words: str) -> None:
    stack.until(f"/readyz says {words!r}", lambda: words in readiness(worker))


async def test_a_worker_that_gives_partitions_up_says_that_it_rebalances_and_then_is_ready(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    # Calls last longer than the grace: the drain of a rebalance takes as long as that.
    faults: dict[str, object] = {"latency": 5}
    with running_stack(kafka, namespace, tmp_path, faults, max_calls=5, stop_grace=2) as stack:
        await stack.create_topics()
        await stack.send_samples(200)
        first = stack.worker()
        stack.until("it has partitions", lambda: first.opened)
        until_said(stack, first, READY)
        second = stack.worker()
        until_said(stack, first, "rebalancing: ")
        until_said(stack, first, READY)
        until_said(stack, second, READY)


async def test_a_bad_key_and_a_spend_limit_are_told_apart(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.02}, max_calls=5) as stack:
        await stack.create_topics()
        stack.api.faults(error={"401": 1})
        await stack.send_samples(200)
        worker = stack.worker()
        until_said(stack, worker, "ANTHROPIC_API_KEY")
        stack.api.faults(error={}, spend_limit=1)
        until_said(stack, worker, "the organisation's spend limit is reached")
        stack.api.faults(spend_limit=0)
        until_said(stack, worker, READY)
