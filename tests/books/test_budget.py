"""Budgets hold: what is spent never exceeds them by more than is promised."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.books.budget import FRESH, Budget, Part, Period, Refusal, begin_of, end_of
from tests.books.budget_world import HOUR, START, World

ALONE = Part(3, 3)
FEBRUARY = 1_770_000_000.0  # 2026-02-02 02:40 UTC


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


def budget_of(clock: Clock, **limits: int) -> Budget:
    known: dict[Period, int] = {}
    for period in ("hour", "day", "month"):
        if period in limits:
            known[period] = limits[period]
    budget = Budget(known, 60, clock, clock)
    budget.current_at = clock.now
    return budget


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
    budget.reserve(60)
    assert budget.refusal(41, ALONE) == Refusal("reserved", "hour")
    budget.pay(0, int(START * 1000), 10)
    budget.release(60)
    assert budget.refusal(90, ALONE) is None
    assert budget.refusal(91, ALONE) == Refusal("spent", "hour")


def test_own_money_counts_once_before_and_after_it_is_seen() -> None:
    budget = budget_of(Clock(), hour=100)
    budget.pay(2, int(START * 1000) + 61_000, 30)
    assert budget.spent("hour") == 30
    budget.see(2, START + 60, 30)
    assert budget.spent("hour") == 30


def test_what_others_spend_counts_when_it_is_seen() -> None:
    budget = budget_of(Clock(), hour=100)
    budget.see(7, START, 80)
    budget.pay(2, int(START * 1000), 15)
    assert budget.spent("hour") == 95


def test_money_that_was_written_off_is_there_again() -> None:
    budget = budget_of(Clock(), hour=100)
    budget.see(7, START, 80)
    budget.see(7, START, -50)
    assert budget.spent("hour") == 30


def test_with_a_view_that_is_too_old_no_call_begins() -> None:
    clock = Clock()
    budget = budget_of(clock, hour=100)
    clock.now += FRESH + 0.1
    assert budget.refusal(1, ALONE) == Refusal("stale", "hour")


def test_among_others_little_is_kept_where_they_may_not_see_it() -> None:
    clock = Clock()
    budget = budget_of(clock, hour=1_000_000)
    half = Part(2, 4)
    budget.reserve(4_000)
    assert budget.refusal(1_000, half) is None
    assert budget.refusal(1_001, half) == Refusal("unseen", "hour")
    budget.pay(0, int(START * 1000), 4_000)
    budget.release(4_000)
    budget.see(0, START, 4_000)
    assert budget.refusal(1_001, half) == Refusal("unseen", "hour")  # others may not have read it
    clock.now += FRESH + 0.1
    budget.current_at = clock.now
    assert budget.refusal(5_000, half) is None


def test_one_call_at_a_time_goes_on_under_a_small_budget() -> None:
    budget = budget_of(Clock(), hour=1_000)
    assert budget.refusal(300, Part(1, 4)) is None
    budget.reserve(300)
    assert budget.refusal(300, Part(1, 4)) == Refusal("unseen", "hour")


def test_a_worker_without_others_keeps_no_list_of_what_it_ever_spent() -> None:
    clock = Clock()
    budget = budget_of(clock, hour=10**9)
    for _ in range(100):
        budget.pay(0, int(START * 1000), 5)
        budget.see(0, START, 5)
        clock.now += FRESH
    assert len(budget._young) < 5
    assert not budget._unseen


def test_the_smallest_of_several_budgets_holds() -> None:
    clock = Clock()
    budget = budget_of(clock, hour=100, day=150, month=1_000)
    budget.see(0, START - HOUR, 100)
    assert budget.refusal(50, ALONE) is None
    assert budget.refusal(51, ALONE) == Refusal("spent", "day")


def test_without_budgets_nothing_is_refused_or_kept() -> None:
    budget = Budget({}, 60)
    budget.pay(0, int(START * 1000), 10**20)
    assert budget.refusal(10**30, Part(1, 9)) is None


def test_what_is_forgotten_does_not_count_any_more_and_the_rest_does() -> None:
    clock = Clock()
    budget = budget_of(clock, hour=100)
    budget.see(0, START - 60, 70)
    budget.see(0, START, 20)
    budget.forget(START)
    assert budget.spent("hour") == 20
    clock.now = START - 1
    assert budget.spent("hour") == 0


@pytest.mark.parametrize("period", ["hour", "day", "month"])
@given(at=st.floats(0, 4e9))
def test_periods_follow_each_other_without_a_gap(period: Period, at: float) -> None:
    begin, end = begin_of(period, at), end_of(period, at)
    assert begin <= at < end
    assert begin_of(period, end) == end
    assert begin_of(period, end - 1) == begin


def test_a_month_has_its_own_length() -> None:
    assert end_of("month", FEBRUARY) - begin_of("month", FEBRUARY) == 28 * 24 * HOUR
