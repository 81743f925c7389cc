"""A budget is used up: tickets wait, the worker says why, and a raised budget lets them go on."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from streams.audit.snapshot import read_topic
from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.events.model import UNKNOWN, Ticket
from streams.events.wire import decode_routed, encode_ticket
from tests.stack import Worker, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

TICKETS = 400
LIMIT = 5 * PICODOLLARS_PER_DOLLAR // 1_000
LARGEST = 2 * PICODOLLARS_PER_DOLLAR // 1_000
"""More than any call can cost here."""


def readiness(worker: Worker) -> str:
    assert worker.health
    try:
        with urllib.request.urlopen(worker.health + "/readyz", timeout=5) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as refused:
        return refused.read().decode()


async def test_a_used_up_budget_holds_across_a_restart_until_it_is_raised(
    kafka: str, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.02},
        batch_tokens=1_000, escalation_model="none", max_calls=20,
    ) as stack:  # fmt: skip
        file = tmp_path / "settings.toml"
        file.write_text('budget_per_day = "0.005"\nbudget_warn = "0.6"\n')
        monkeypatch.setenv("TICKET_STREAMS_CONFIG", str(file))
        await stack.create_topics()
        await stack.send_samples(TICKETS)
        worker = stack.worker()
        stack.until("the budget is used up", lambda: worker.said("is used up: tickets wait until"))
        assert "budget_per_day of $0.005 is used up" in readiness(worker)
        assert worker.said("budget_per_day of $0.005: ")  # the warning before
        stack.until("the last calls are over", lambda: not stack.api.account()["in_flight"])
        spent = (await stack.report()).api_spend_picodollars
        assert LIMIT - LARGEST < spent <= LIMIT
        worker.kill()

        again = stack.worker()
        stack.until("it is used up still", lambda: again.said("is used up: tickets wait until"))
        assert (await stack.report()).api_spend_picodollars == spent

        file.write_text("budget_per_day = ")
        stack.until("the broken file is named", lambda: again.said("budgets stay, for the changed"))
        assert (await stack.report()).api_spend_picodollars == spent
        file.write_text('budget_per_day = "100"\n')
        await stack.until_finished(TICKETS)  # without a restart
        assert again.said("budgets are changed by the settings file: budget_per_day of $100")
        assert again.stop() == 0, stack.logs()
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


async def test_tickets_without_money_are_unknown_once_and_the_books_agree(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.02},
        batch_tokens=1_000, escalation_model="none", max_calls=20,
        budgets=[{"period": "day", "dollars": "0.005", "action": "unknown"}],
    ) as stack:  # fmt: skip
        await stack.create_topics()
        await stack.send_samples(TICKETS)
        worker = stack.worker()
        stack.until("tickets are turned away", lambda: worker.said("become unknown without a call"))
        worker.kill()
        heir = stack.worker()
        stack.until("the heir is up", lambda: heir.opened)
        report = await stack.until_finished(TICKETS)
        assert LIMIT - LARGEST < report.api_spend_picodollars <= LIMIT
        assert report.unknown > TICKETS // 4
        assert (report.lost, report.duplicates) == (0, 0)
        assert readiness(heir) == "ready\n"
        assert heir.stop() == 0, stack.logs()
        assert await stack.broken_promises(strict=False) == []
        records = read_topic(kafka, stack.topics.categories["unknown"])
        routed = [decode_routed(record.value).classification async for record in records]
        away = [one for one in routed if one.reason == "budget"]
        assert len(away) > TICKETS // 4
        assert {(one.tier, one.cost_picodollars, one.call_id) for one in away} == {
            ("none", 0, None)
        }


async def test_a_customer_without_money_holds_up_nobody_else(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.02},
        batch_tokens=1_000, escalation_model="none", max_calls=20, books_field="customer_id",
        budgets=[{"period": "day", "dollars": "0.002", "value": "a|cme", "action": "unknown"}],
    ) as stack:  # fmt: skip
        await stack.create_topics()
        tickets = [
            Ticket(str(n), f"I was charged twice for order {n}", customer_id=customer)
            for n in range(400)  # too many for it, however they share calls
            for customer in ("a|cme", "other")
        ]
        await stack.send((None, encode_ticket(ticket)) for ticket in tickets)
        worker = stack.worker()
        await stack.until_finished(len(tickets))
        assert worker.said("for 'a|cme' is used up: tickets become unknown without a call")
        assert worker.stop() == 0, stack.logs()
        assert await stack.broken_promises(strict=True) == []
        away, spent = [], 0
        for category, topic in stack.topics.categories.items():
            async for record in read_topic(kafka, topic):
                routed = decode_routed(record.value)
                if category == UNKNOWN and routed.classification.reason == "budget":
                    away.append(routed.ticket.customer_id)
                elif routed.ticket.customer_id == "a|cme":
                    spent += routed.classification.cost_picodollars
        assert set(away) == {"a|cme"}
        assert 0 < spent <= 2 * PICODOLLARS_PER_DOLLAR // 1_000
