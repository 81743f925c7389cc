"""A scrape shows what the worker's objects are at that moment, and takes no time."""

import time
from collections import deque
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from streams.classify.triage import Lane
from streams.claude.budget_guard import Used
from streams.claude.failures import Failure, Recovery
from streams.claude.gate import Gate
from streams.claude.pace import Unpaced
from streams.claude.rate_headers import Bucket, RateLimits
from streams.delivery.breaker import Breaker
from streams.observe import metrics
from streams.observe.collector import WorkerCollector
from streams.observe.counts import Counts, worker_registry
from streams.observe.health import Phase, Readiness
from streams.observe.heard import HeardPace
from streams.settings import Settings


class State:
    """A worker's objects, those of them that matter."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.member = SimpleNamespace(partitions={}, ready=False)
        self.gates = {"first": Gate(), "escalation": Gate()}
        self.breaker = Breaker(0.5, 1, lambda _: None)
        self.readiness = Readiness(lambda: self.member.ready, lambda: self.gates["first"].blocked)
        self.heard = HeardPace(Unpaced(), {})
        self.budgets: list[Used] = []
        self.collector = WorkerCollector(
            Settings.model_construct(max_calls=7, max_pending=70),
            "v1",
            cast(Any, self.member),
            cast(Any, self.gates),
            self.breaker,
            self.readiness,
            self.heard,
            lambda: self.budgets,
        )
        self.registry.register(self.collector)

    def own(self, number: int, **fields: Any) -> None:
        given = {"pending": 0, "pending_bytes": 0, "waiting": {}, "committed": 0, **fields}
        self.member.partitions[number] = SimpleNamespace(
            number=number, name=str(number), unsent_since=lambda now: 2.5, **given
        )

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"ticket_streams_{name}", labels)


@pytest.fixture
def state() -> State:
    return State()


def test_it_tells_what_it_is_and_may(state: State) -> None:
    assert state.value("build_info", version="0.1.0", prompt_version="v1") == 1
    assert state.value("call_slots") == 7
    assert state.value("pending_events_limit") == 70


def test_readiness_and_one_state_at_a_time(state: State) -> None:
    def states() -> list[str]:
        return [name for name in metrics.STATES if state.value("state", state=name)]

    assert (state.value("ready"), states()) == (0, ["joining"])
    state.readiness.phase = Phase.REBALANCING
    assert states() == ["rebalancing"]
    state.member.ready = True
    assert (state.value("ready"), states()) == (1, ["ready"])
    state.gates["first"].stop("a person must act")
    assert (state.value("ready"), states()) == (0, ["blocked"])


async def test_gates_by_tier(state: State) -> None:
    gate = state.gates["escalation"]
    async with gate.call():
        assert state.value("calls_in_flight", tier="escalation") == 1
    gate.hold(Failure("authentication_error", Recovery.HOLD, "mend it", 401))
    gate.pause(60)
    for tier, expected in (("first", 0), ("escalation", 1)):
        assert state.value("calls_held", tier=tier) == expected
        assert state.value("calls_paused", tier=tier) == expected
        assert state.value("calls_in_flight", tier=tier) == 0


def test_the_breaker(state: State) -> None:
    assert state.value("breaker_open") == 0
    state.breaker.admits(state.breaker.begin(), "not_json")
    assert state.value("breaker_open") == 1


def test_tickets_that_wait_and_what_is_in_hand(state: State) -> None:
    lanes = {Lane("first", 25): deque("ab"), Lane("first", 1): deque("c")}
    state.own(3, pending=4, pending_bytes=400, waiting=lanes)
    state.own(5, waiting={Lane("escalation", 25): deque("d")})
    assert state.value("waiting_tickets", tier="first") == 3
    assert state.value("waiting_tickets", tier="escalation") == 1
    assert state.value("pending_events", partition="3") == 4
    assert state.value("pending_bytes", partition="3") == 400
    assert state.value("uncommitted_seconds", partition="5") == 2.5


def test_lag_is_of_partitions_that_are_ours_and_were_looked_at(state: State) -> None:
    state.own(0, committed=40)
    state.own(1, committed=40)
    state.own(2, committed=40)
    state.collector.ends.update({0: 100, 1: 30, 9: 500})
    assert state.value("lag_events", partition="0") == 60
    assert state.value("lag_events", partition="1") == 0  # more was committed since the look
    assert state.value("lag_events", partition="2") is None
    assert state.value("lag_events", partition="9") is None


def test_rate_limits_as_they_were_heard(state: State) -> None:
    state.heard.limits["m"] = RateLimits(Bucket(50, 49), None, Bucket(8_000, 7_000))
    assert state.value("api_rate_limit", model="m", kind="requests") == 50
    assert state.value("api_rate_limit_remaining", model="m", kind="output_tokens") == 7_000
    assert state.value("api_rate_limit", model="m", kind="input_tokens") is None


def test_budgets_by_their_names(state: State) -> None:
    state.budgets = [Used("budget_per_day of $10", 0.75, False), Used("acme of $1", 1.0, True)]
    assert state.value("budget_spent_ratio", budget="budget_per_day of $10") == 0.75
    assert state.value("budget_used_up", budget="budget_per_day of $10") == 0
    assert state.value("budget_used_up", budget="acme of $1") == 1
    state.budgets.clear()  # they follow the settings file
    assert state.value("budget_used_up", budget="acme of $1") is None


def test_every_declared_gauge_is_there_and_no_other(state: State) -> None:
    shown = {(family.name, family.documentation) for family in state.collector.collect()}
    assert shown == {(m.name, m.help) for m in metrics.ALL if m.kind == "gauge"}


def test_a_scrape_takes_less_than_20_ms_with_60_partitions(state: State) -> None:
    registry = worker_registry()
    Counts(registry).begin([f"category{i}" for i in range(20)], {"first": "m", "escalation": "n"})
    for number in range(60):
        state.own(number, waiting={Lane("first", 25): deque("x" * 100)})
        state.collector.ends[number] = 10
    registry.register(state.collector)
    took = []
    for _ in range(10):  # the machine may be busy with something else
        began = time.perf_counter()
        generate_latest(registry)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.020
