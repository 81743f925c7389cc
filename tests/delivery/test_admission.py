"""Tickets right before their call: who may go, and what becomes of one that may not."""

from dataclasses import replace

import pytest

from streams.books.limits import Limit, Scope
from streams.classify.triage import Lane
from streams.claude.tiers import prompt_of
from streams.delivery.admission import Admission
from streams.delivery.work import Work
from streams.events.model import Classification
from streams.settings import Settings
from tests.claude.budget_scene import LIMIT, Scene
from tests.delivery.desk import FakeDesk
from tests.delivery.events import classification, work

PROMPT = prompt_of(Settings(), "claude-haiku-5-5")
BILLING = Scope("billing")
UNSURE = classification(confidence=0.4, reason="low_confidence")


def waiting(so_far: Classification | None = None, tier: str = "first") -> Work:
    item = work()
    item.so_far, item.lane = so_far, Lane(tier, 1)  # type: ignore[arg-type]
    return item


def turned_away(item: Work) -> Classification:
    scene, desk = Scene("unknown"), FakeDesk()
    scene.see(LIMIT)
    assert Admission(scene.guard, PROMPT).admit(desk, item) == "away"
    [(finished, result)] = desk.finished
    assert finished is item
    assert isinstance(result, Classification)
    return result


def test_a_ticket_without_money_is_unknown_and_costs_nothing() -> None:
    result = turned_away(waiting())
    assert (result.category, result.reason, result.tier) == ("unknown", "budget", "none")
    assert (result.cost_picodollars, result.input_tokens, result.output_tokens) == (0, 0, 0)
    assert (result.model, result.call_id, result.prompt_version) == (None, None, PROMPT.version)


def test_what_the_first_tier_said_stands_when_there_is_no_money_for_the_second() -> None:
    assert turned_away(waiting(UNSURE, "escalation")) == replace(UNSURE, reason=None)


@pytest.mark.parametrize("category", ["unknown", "a_category_that_is_gone"])
def test_calls_that_brought_nothing_are_paid_all_the_same(category: str) -> None:
    so_far = classification(category, reason="refusal")
    result = turned_away(waiting(so_far))
    assert (result.category, result.confidence, result.reason) == ("unknown", 0.0, "budget")
    assert (result.cost_picodollars, result.call_id) == (so_far.cost_picodollars, so_far.call_id)


def test_a_ticket_that_goes_holds_its_money_until_its_call_is_over() -> None:
    scene, desk = Scene("no_escalation", scope=BILLING), FakeDesk()
    admission = Admission(scene.guard, PROMPT)
    items = [waiting(UNSURE, "escalation") for _ in range(LIMIT // 10 + 1)]
    words = [admission.admit(desk, item) for item in items]
    assert words == ["go"] * (LIMIT // 10) + ["later"]
    admission.dismiss(items)
    assert admission.admit(desk, items[-1]) == "go"
    assert desk.told == []


def test_where_all_budgets_make_tickets_wait_none_is_looked_at() -> None:
    scene, desk = Scene("wait"), FakeDesk()
    scene.see(LIMIT)
    item = waiting()
    assert Admission(scene.guard, PROMPT).admit(desk, item) == "go"
    assert (item.held, desk.told) == ((), [])


def test_a_budget_that_is_gone_meanwhile_turns_nobody_away() -> None:
    scene, desk = Scene("unknown"), FakeDesk()
    scene.see(LIMIT)
    raised: list[Limit] = [scene.limit(2 * LIMIT)]
    scene.budget.change(raised, ())
    assert Admission(scene.guard, PROMPT).admit(desk, waiting()) == "go"
