"""What a budget says of the next call, to whom it may concern, and in which words."""

import logging

import pytest

from streams.books.limits import Action, Scope
from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.books.purse import FRESH, Part, let_go, reserve
from streams.claude.budget_guard import LATER, SETTLE, SOON, STALE_SECONDS, budget_of, guard_of
from streams.claude.prices import prices_of
from streams.claude.tiers import prompt_of
from streams.settings import load_settings
from tests.claude.budget_scene import LIMIT, NOON, Scene


def test_calls_begin_while_there_is_money() -> None:
    scene = Scene()
    assert scene.guard.wait("first") == 0
    assert scene.guard.blocked() is None


def test_a_tier_waits_when_its_largest_call_does_not_fit_any_more() -> None:
    scene = Scene()
    scene.see(LIMIT - 50)
    assert scene.guard.wait("first") == 0
    assert scene.guard.wait("escalation") == LATER
    scene.see(45)
    assert scene.guard.wait("first") == LATER
    assert (
        scene.guard.blocked()
        == "budget_per_hour of $0.000000001 is used up: tickets wait until 2025-11-21 13:00 UTC"
    )


@pytest.mark.parametrize("action", ["wait", "no_escalation", "unknown", "warn"])
def test_whoever_counts_sees_a_budget_go_and_come_back(action: Action) -> None:
    scene = Scene(action)
    [used] = scene.guard.used()
    assert used == ("budget_per_hour of $0.000000001", 0.0, False)
    scene.see(LIMIT * 3 // 4)
    [used] = scene.guard.used()
    assert (used.share, used.up) == (0.75, False)
    scene.see(LIMIT - LIMIT * 3 // 4)
    [used] = scene.guard.used()
    assert (used.share, used.up) == (1.0, True)
    scene.pass_(3_600)
    [used] = scene.guard.used()
    assert (used.share, used.up) == (0.0, False)


def test_the_turn_of_the_hour_is_not_slept_through() -> None:
    scene = Scene()
    scene.see(LIMIT)
    scene.now = NOON + 3_599.5
    assert scene.guard.wait("first") == 0.5
    scene.pass_(0.5)
    assert scene.guard.wait("first") == 0
    assert scene.guard.blocked() is None


def test_money_that_comes_back_from_calls_in_flight_is_not_waited_for_long() -> None:
    scene = Scene()
    reserve(list(scene.budget), LIMIT)
    assert scene.guard.wait("first") == SOON
    assert scene.guard.blocked() is None


def test_a_longer_ticket_than_any_before_is_remembered() -> None:
    scene = Scene()
    let_go(scene.guard.begin("first", 30, 0))
    scene.see(LIMIT - 29)
    assert scene.guard.wait("first") == LATER


def test_new_partitions_are_waited_for_until_what_their_last_owner_left_is_seen() -> None:
    scene = Scene()
    scene.generation += 1
    assert scene.guard.wait("first") == SOON
    scene.pass_(SETTLE / 2)
    assert scene.guard.wait("first") == SOON
    scene.pass_(SETTLE / 2)
    assert scene.guard.wait("first") == 0


def test_a_call_that_never_began_holds_its_money_until_the_next_assignment_only() -> None:
    scene = Scene()
    scene.guard.begin("first", LIMIT, 0)
    scene.generation += 1
    scene.guard.wait("first")
    scene.pass_(SETTLE)
    assert scene.free(LIMIT)


def test_books_that_cannot_be_read_stop_calls_and_are_named() -> None:
    scene = Scene()
    scene.now += FRESH + 0.1
    assert scene.guard.wait("first") == SOON
    assert scene.guard.blocked() is None
    scene.now += STALE_SECONDS
    assert "the books cannot be read" in str(scene.guard.blocked())


def test_books_that_could_never_be_read_are_named_too() -> None:
    scene = Scene()
    scene.budget.current_at = -10.0
    assert scene.guard.blocked() is None
    scene.now += STALE_SECONDS
    assert "the books cannot be read" in str(scene.guard.blocked())


def test_without_escalation_the_first_tier_is_never_held_back() -> None:
    scene = Scene("no_escalation")
    assert scene.guard.may_escalate()
    scene.see(LIMIT - 50)
    assert not scene.guard.may_escalate()
    scene.see(LIMIT)
    scene.now += 100
    assert scene.guard.wait("first") == scene.guard.wait("escalation") == 0
    assert scene.guard.blocked() is None


def test_who_waits_may_escalate_all_the_same() -> None:
    scene = Scene("wait")
    scene.see(LIMIT)
    assert scene.guard.may_escalate()


def test_each_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    scene = Scene()
    scene.guard.tell()
    assert caplog.messages == []
    scene.see(LIMIT * 8 // 10)
    scene.guard.tell()
    scene.guard.tell()
    assert caplog.messages == ["budget_per_hour of $0.000000001: 80% is spent"]
    caplog.clear()
    scene.see(LIMIT)
    scene.guard.tell()
    scene.guard.tell()
    assert ["is used up" in message for message in caplog.messages] == [True]
    caplog.clear()
    scene.pass_(3_600)
    scene.guard.tell()
    assert caplog.messages == ["calls go on: there is a budget again"]


def test_settings_are_taken_to_the_pico_dollar() -> None:
    settings = load_settings(budget_per_hour="0.000000000001", budget_per_day="12.5")
    amounts = {purse.limit.period: purse.amount for purse in budget_of(settings)}
    assert amounts == {"hour": 1, "day": 12_500_000_000_000}
    assert not budget_of(load_settings())


def test_the_bound_of_a_call_is_the_one_of_its_intent() -> None:
    settings = load_settings(budget_per_hour="1")
    guard = guard_of(settings, budget_of(settings), lambda: (Part(1, 1), 1))
    prompt = prompt_of(settings, settings.model)
    bound = prices_of(settings).upper_bound(
        settings.model, prompt.fixed_bound + 3_000, prompt.max_tokens(7), 0
    )
    assert [money for _, money in guard.begin("first", 7, 3_000)] == [bound]
    assert 0 < bound < PICODOLLARS_PER_DOLLAR


def test_without_a_budget_nothing_waits() -> None:
    settings = load_settings()
    budget = budget_of(settings)
    guard = guard_of(settings, budget, lambda: (Part(1, 3), 1))
    budget.monotonic = lambda: 1e9
    assert guard.wait("first") == 0
    assert not guard.begin("first", 7, 3_000)
    assert guard.may_escalate()
    assert guard.blocked() is None


ACME = Scope(None, "acme")
BILLING = Scope("billing")


def test_who_is_to_become_unknown_does_not_wait_for_money() -> None:
    scene = Scene("unknown")
    assert not scene.guard.indifferent
    reserved = reserve(list(scene.budget), LIMIT)
    assert scene.guard.wait("first") == SOON  # it may come back
    assert scene.guard.word("first", 0, BILLING) == "go"
    let_go(reserved)
    scene.see(LIMIT - 5)
    assert scene.guard.wait("first") == 0
    assert scene.guard.turns_away("first")
    assert scene.guard.word("first", 0, BILLING) == "away"
    assert scene.guard.blocked() is None
    scene.pass_(3_600)
    assert not scene.guard.turns_away("first")
    assert scene.guard.word("first", 0, BILLING) == "go"


def test_a_value_without_money_is_turned_away_and_all_others_go_on() -> None:
    scene = Scene("unknown", scope=ACME)
    scene.see(LIMIT)
    assert scene.guard.word("first", 0, ACME) == "away"
    assert scene.guard.word("first", 0, Scope(None, "other")) == "go"
    assert scene.guard.word("first", 0, Scope("billing")) == "go"
    assert scene.guard.wait("first") == 0
    assert not scene.guard.turns_away("first")
    assert scene.guard.blocked() is None


def test_a_value_s_tickets_come_later_while_others_of_it_hold_its_money() -> None:
    scene = Scene("unknown", scope=ACME)
    holds = [scene.guard.hold("escalation", 0, ACME) for _ in range(LIMIT // 10)]
    assert scene.guard.word("first", 0, ACME) == "later"
    let_go(holds[0])
    assert scene.guard.word("first", 0, ACME) == "go"


def test_a_value_s_tickets_come_later_while_the_books_are_not_seen() -> None:
    scene = Scene("unknown", scope=ACME)
    scene.now += FRESH + 0.1
    assert scene.guard.word("first", 0, ACME) == "later"
    scene.pass_(0)
    scene.generation += 1
    assert scene.guard.word("first", 0, ACME) == "later"


def test_a_category_s_budget_bounds_the_second_model_only() -> None:
    scene = Scene("no_escalation", scope=BILLING)
    assert scene.guard.may_escalate(BILLING)
    scene.see(LIMIT)
    assert not scene.guard.may_escalate(BILLING)
    assert scene.guard.may_escalate(Scope("account"))
    assert scene.guard.may_escalate()
    assert scene.guard.word("escalation", 0, BILLING) == "away"
    assert scene.guard.word("first", 0, BILLING) == "go"


def test_a_budget_that_only_warns_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    scene = Scene("warn")
    scene.see(2 * LIMIT)
    assert scene.guard.wait("first") == 0
    assert scene.guard.may_escalate()
    assert scene.guard.word("first", 0, BILLING) == "go"
    scene.guard.tell()
    assert caplog.messages == ["budget_per_hour of $0.000000001: 200% is spent"]


def test_it_is_logged_once_that_tickets_are_turned_away(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    scene = Scene("unknown", scope=ACME)
    scene.see(LIMIT)
    scene.guard.tell()
    caplog.clear()
    scene.guard.tell()
    assert caplog.messages == []
    scene.pass_(3_600)
    scene.see(LIMIT, NOON + 3_600)
    scene.guard.tell()
    assert caplog.messages[1:] == [
        "budget_per_hour of $0.000000001 for 'acme' is used up: tickets become unknown without a "
        "call until 2025-11-21 14:00 UTC"
    ]


def test_money_held_in_a_budget_that_is_replaced_meanwhile_is_let_go_where_it_was_held() -> None:
    scene = Scene()
    held = scene.guard.begin("first", 10, 0)
    scene.budget.change([], ())
    scene.budget.change([scene.limit()], ())
    let_go(held)
    assert scene.free(LIMIT)
    assert not scene.free(LIMIT + 1)
