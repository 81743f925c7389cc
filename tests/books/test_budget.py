"""Budgets hold: what is spent never exceeds them by more than is promised."""

from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.budget_world import HOUR, START, World
from streams.books.budget import Budget, Seen
from streams.books.limits import WHOLE, Limit, Period, Scope
from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.books.purse import FRESH, Part, Purse, let_go, reserve
from streams.events.model import Share
from tests.delivery.test_intents import intent

ALONE = Part(3, 3)


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


def limit(period: Period, picodollars: int, scope: Scope = WHOLE) -> Limit:
    return Limit(period, Decimal(picodollars) / PICODOLLARS_PER_DOLLAR, *scope)


def budget_of(clock: Clock, **limits: int) -> Budget:
    known: tuple[Period, ...] = ("hour", "day", "month")
    given = [limit(period, limits[period]) for period in known if period in limits]
    budget = Budget(given, 60, clock, clock)
    budget.current_at = clock.now
    return budget


def purse(budget: Budget, period: Period = "hour", scope: Scope = WHOLE) -> Purse:
    return next(p for p in budget if (p.limit.period, p.limit.scope) == (period, scope))


def see(budget: Budget, partition: int, window: float, change: int, scope: Scope = WHOLE) -> None:
    budget.see(Seen(partition, window, scope, change))


def refusal(budget: Budget, most: int, part: Part) -> tuple[str, str] | None:
    found = budget.refusal(budget, most, part)
    return found and (found.why, found.limit.period)


@given(st.integers(1, 8), st.integers(1, 400), st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_many_workers_with_late_views_overshoot_by_no_more_than_is_promised(
    workers: int, calls: int, seed: int
) -> None:
    world = World(workers, limit=calls * 1_000, most=1_000, seed=seed)
    world.run(120)
    assert world.spent.get(START, 0) <= world.bound


@given(st.integers(1, 6), st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_the_turn_of_an_hour_frees_its_budget_exactly_once(workers: int, seed: int) -> None:
    world = World(workers, limit=60_000, most=1_000, seed=seed, begin=START + HOUR - 120)
    world.run(240)
    assert set(world.spent) == {START, START + HOUR}
    assert all(spent <= world.bound for spent in world.spent.values())


@given(st.integers(1, 6), st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_nearly_all_of_a_budget_can_be_spent(workers: int, seed: int) -> None:
    world = World(workers, limit=100_000, most=1_000, seed=seed)
    world.run(600)
    assert world.spent[START] > 100_000 - 1_000 * (workers + 1)


def test_a_single_worker_reserves_before_it_spends_and_overshoots_by_nothing() -> None:
    budget = budget_of(Clock(), hour=100)
    purse(budget).reserve(60)
    assert refusal(budget, 41, ALONE) == ("reserved", "hour")
    budget.pay(0, int(START * 1000), 10)
    purse(budget).release(60)
    assert refusal(budget, 90, ALONE) is None
    assert refusal(budget, 91, ALONE) == ("spent", "hour")


def test_own_money_counts_once_before_and_after_it_is_seen() -> None:
    budget = budget_of(Clock(), hour=100)
    budget.pay(2, int(START * 1000) + 61_000, 30)
    assert purse(budget, "hour").spent() == 30
    see(budget, 2, START + 60, 30)
    assert purse(budget, "hour").spent() == 30


def test_what_others_spend_counts_when_it_is_seen() -> None:
    budget = budget_of(Clock(), hour=100)
    see(budget, 7, START, 80)
    budget.pay(2, int(START * 1000), 15)
    assert purse(budget, "hour").spent() == 95


def test_money_that_was_written_off_is_there_again() -> None:
    budget = budget_of(Clock(), hour=100)
    see(budget, 7, START, 80)
    see(budget, 7, START, -50)
    assert purse(budget, "hour").spent() == 30


def test_with_a_view_that_is_too_old_no_call_begins() -> None:
    clock = Clock()
    budget = budget_of(clock, hour=100)
    clock.now += FRESH + 0.1
    assert refusal(budget, 1, ALONE) == ("stale", "hour")


def test_among_others_little_is_kept_where_they_may_not_see_it() -> None:
    clock = Clock()
    budget = budget_of(clock, hour=1_000_000)
    half = Part(2, 4)
    purse(budget).reserve(4_000)
    assert refusal(budget, 1_000, half) is None
    assert refusal(budget, 1_001, half) == ("unseen", "hour")
    budget.pay(0, int(START * 1000), 4_000)
    purse(budget).release(4_000)
    see(budget, 0, START, 4_000)
    assert refusal(budget, 1_001, half) == ("unseen", "hour")  # others may not have read it
    clock.now += FRESH + 0.1
    budget.current_at = clock.now
    assert refusal(budget, 5_000, half) is None


def test_one_call_at_a_time_goes_on_under_a_small_budget() -> None:
    budget = budget_of(Clock(), hour=1_000)
    assert refusal(budget, 300, Part(1, 4)) is None
    purse(budget).reserve(300)
    assert refusal(budget, 300, Part(1, 4)) == ("unseen", "hour")


def test_a_worker_without_others_keeps_no_list_of_what_it_ever_spent() -> None:
    clock = Clock()
    budget = budget_of(clock, hour=10**9)
    for _ in range(100):
        budget.pay(0, int(START * 1000), 5)
        see(budget, 0, START, 5)
        clock.now += FRESH
    assert len(purse(budget)._young) < 5
    assert not purse(budget)._unseen


def test_the_smallest_of_several_budgets_holds() -> None:
    clock = Clock()
    budget = budget_of(clock, hour=100, day=150, month=1_000)
    see(budget, 0, START - HOUR, 100)
    assert refusal(budget, 50, ALONE) is None
    assert refusal(budget, 51, ALONE) == ("spent", "day")


def test_without_budgets_nothing_is_refused_or_kept() -> None:
    budget = Budget([], 60)
    budget.pay(0, int(START * 1000), 10**20)
    assert refusal(budget, 10**30, Part(1, 9)) is None


def test_what_is_forgotten_does_not_count_any_more_and_the_rest_does() -> None:
    clock = Clock()
    budget = budget_of(clock, hour=100)
    see(budget, 0, START - 60, 70)
    see(budget, 0, START, 20)
    budget.forget(START)
    assert purse(budget, "hour").spent() == 20
    clock.now = START - 1
    assert purse(budget, "hour").spent() == 0


ACME = Scope(None, "acme")
BILLING = Scope("billing")


def both(clock: Clock, *limits: Limit) -> Budget:
    budget = Budget(limits, 60, clock, clock)
    budget.current_at = clock.now
    return budget


@given(st.integers(1, 8), st.integers(1, 400), st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_a_value_s_budget_is_overshot_by_no_more_than_a_whole_one(
    workers: int, calls: int, seed: int
) -> None:
    world = World(workers, limit=calls * 1_000, most=1_000, seed=seed, scope=ACME)
    world.run(120)
    assert world.spent.get(START, 0) <= world.bound


def test_only_what_is_of_its_category_and_value_counts() -> None:
    clock = Clock()
    both_of = Scope("billing", "acme")
    budget = both(
        clock,
        limit("hour", 1_000),
        limit("hour", 100, ACME),
        limit("hour", 100, BILLING),
        limit("day", 100, both_of),
    )
    see(budget, 0, START, 1, both_of)
    see(budget, 0, START, 2, Scope("billing", "other"))
    budget.pay(5, int(START * 1000), 4, Scope("technical", "acme"))
    see(budget, 0, START, 8, Scope("technical"))
    assert purse(budget).spent() == 15
    assert purse(budget, scope=ACME).spent() == 5
    assert purse(budget, scope=BILLING).spent() == 3
    assert purse(budget, "day", both_of).spent() == 1
    assert {p.limit.scope for p in budget.narrow(Scope("billing", "acme"))} == {
        ACME, BILLING, both_of,
    }  # fmt: skip
    assert budget.narrow(Scope("technical")) == []


def test_a_call_is_paid_by_the_shares_of_its_tickets() -> None:
    budget = both(Clock(), limit("hour", 10**9), limit("hour", 10**9, BILLING))
    call = replace(
        intent(),
        cost_picodollars=30,
        unsettled_picodollars=0,
        ended_at=int(START * 1000),
        shares=(Share(0, "billing", 1, 1, 10), Share(1, "account", 1, 1, 20)),
    )
    budget.book(call)
    assert purse(budget).spent() == 30
    assert purse(budget, scope=BILLING).spent() == 10


@given(
    amounts=st.lists(st.integers(1, 10**6), min_size=2, max_size=6),
    paid=st.integers(0, 10**6),
    seen=st.integers(0, 10**6),
    held=st.integers(0, 10**6),
)
def test_another_amount_forgets_nothing_that_is_known(
    amounts: list[int], paid: int, seen: int, held: int
) -> None:
    clock = Clock()
    budget = both(clock, limit("hour", amounts[0]))
    kept = reserve(list(budget), held)
    see(budget, 7, START, seen)
    budget.pay(2, int(START * 1000), paid)
    for amount in amounts[1:]:
        budget.change([limit("hour", amount)], ())
    left = amounts[-1] - paid - seen
    assert purse(budget).spent() == paid + seen
    assert (refusal(budget, max(0, left - held), ALONE) is None) == (left >= held)
    let_go(kept)
    assert (refusal(budget, max(0, left), ALONE) is None) == (left >= 0)


def test_a_new_budget_knows_what_was_seen_before_and_one_that_is_gone_stops_nobody() -> None:
    clock = Clock()
    budget = both(clock, limit("hour", 100))
    rows = [Seen(0, START, Scope("billing", "acme"), 30), Seen(1, START - HOUR, BILLING, 5)]
    for row in rows:
        budget.see(row)
    budget.change([limit("day", 100), limit("hour", 40, ACME)], rows)
    assert purse(budget, "day").spent() == 35
    assert purse(budget, scope=ACME).spent() == 30
    assert len(list(budget)) == 2
    see(budget, 0, START, 10, Scope("billing", "acme"))
    assert purse(budget, "day").spent() == 45
    budget.change([], rows)
    assert refusal(budget, 10**20, ALONE) is None
    assert not budget


def test_what_is_read_again_is_not_taken_for_money_of_ours() -> None:
    budget = both(Clock(), limit("hour", 100))
    budget.pay(0, int(START * 1000), 10)
    budget.see(Seen(0, START, WHOLE, 50), anew=False)
    assert purse(budget).spent() == 60
    budget.see(Seen(0, START, WHOLE, 10))
    assert purse(budget).spent() == 60
