import asyncio

from streams.claude.prices import price_list
from streams.evaluate.estimate import Estimate, estimate
from streams.evaluate.run import run
from streams.local.standin import StandIn
from streams.settings import load_settings
from tests.evaluate.tickets import labelled, settings_for

NOW = 1_795_000_000_000


def of(n: int, **changes: object) -> Estimate:
    return estimate(labelled(n), load_settings(**changes), price_list(), NOW)


async def test_the_most_is_not_exceeded(api: StandIn) -> None:
    settings = settings_for(api, escalation_cap=1.0, escalation_threshold=1.0)
    tickets = labelled(60)
    said = estimate(tickets, settings, price_list(), NOW)
    done = await run(tickets, settings, asyncio.Event())
    assert done.cost_picodollars <= said.most
    assert said.likely / 3 <= done.cost_picodollars <= said.likely * 3


def test_shared_calls_are_cheaper_than_single_ones() -> None:
    assert of(100).likely < of(100, batch_size=1).likely


def test_the_escalation_counts_up_to_its_cap() -> None:
    alone = of(100, escalation_model="none")
    assert alone == of(100, escalation_cap=0.0)
    assert alone.most < of(100, escalation_cap=0.1).most < of(100, escalation_cap=0.2).most


def test_no_tickets_cost_nothing() -> None:
    assert of(0) == Estimate(0, 0)
