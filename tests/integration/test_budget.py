"""A budget is used up: tickets wait, the worker says why, and a raised budget lets them go on."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.settings import load_settings
from tests.stack import Worker, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

TICKETS = 400
LIMIT = PICODOLLARS_PER_DOLLAR // 100
LARGEST = 4 * PICODOLLARS_PER_DOLLAR // 1_000
"""More than any call can cost here."""


def readiness(worker: Worker) -> str:
    assert worker.health
    try:
        with urllib.request.urlopen(worker.health + "/readyz", timeout=5) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as refused:
        return refused.read().decode()


async def test_a_used_up_budget_holds_across_a_restart_until_it_is_raised(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.02},
        batch_tokens=1_000, escalation_model="none", max_calls=20,
        budget_per_day="0.01", budget_warn="0.6",
    ) as stack:  # fmt: skip
        await stack.create_topics()
        await stack.send_samples(TICKETS)
        worker = stack.worker()
        stack.until("the budget is used up", lambda: worker.said("is used up: tickets wait until"))
        assert "budget_per_day of $0.01 is used up" in readiness(worker)
        assert worker.said("budget_per_day of $0.01: ")  # the warning before
        spent = (await stack.report()).api_spend_picodollars
        assert LIMIT - LARGEST < spent <= LIMIT
        worker.kill()

        again = stack.worker()
        stack.until("it is used up still", lambda: again.said("is used up: tickets wait until"))
        assert (await stack.report()).api_spend_picodollars == spent
        assert again.stop() == 0

        raised = {**stack.settings.model_dump(exclude_unset=True), "budget_per_day": "100"}
        stack.worker_settings = load_settings(**raised)
        last = stack.worker()
        await stack.until_finished(TICKETS)
        assert last.stop() == 0, stack.logs()
        assert await stack.broken_promises(strict=False) == []


async def test_without_money_for_the_second_tier_the_first_goes_on(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.02},
        budget_per_day="0.000001", budget_action="no_escalation", max_calls=20,
    ) as stack:  # fmt: skip
        await stack.create_topics()
        await stack.send_samples(50)
        worker = stack.worker()
        await stack.until_finished(50)
        assert readiness(worker) == "ready\n"
        assert worker.stop() == 0, stack.logs()
        assert {line["model"] for line in stack.ledger()} == {stack.settings.model}
