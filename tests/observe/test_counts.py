"""What a transaction held is counted, and nothing else."""

import time
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from streams.delivery.outbox import Outbox
from streams.delivery.work import DeadLetter, Work
from streams.events.model import ABANDONED, CallRecord, Classification, Share, Source
from streams.observe.counts import Counts


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def counts(registry: CollectorRegistry) -> Counts:
    return Counts(registry)


def work(result: Classification | DeadLetter | None, age: float = 0.0) -> Work:
    sent = round((time.time() - age) * 1000) if age >= 0 else -1
    return Work(Source("tickets", 0, 0), b"key", b"{}", sent, (), result=result)


def routed(category: str = "billing", tier: Any = "first") -> Classification:
    return Classification(category, 0.9, tier, "small", None, 9, 9, 9, "id", "v", 0)


def call(**fields: Any) -> CallRecord:
    shares = [Share(offset, "billing", 150, 10, 150) for offset in (1, 2)]
    given: dict[str, Any] = {
        "call_id": "id", "started_at": 10_000, "ended_at": 10_700, "tier": "first",
        "requested_model": "small", "model": "small-20261007", "prompt_version": "v", "attempt": 1,
        "outcome": "ok", "status": 200, "request_id": None, "input_tokens": 300,
        "output_tokens": 20, "cache_write_5m_tokens": 1, "cache_write_1h_tokens": 2,
        "cache_read_tokens": 4, "cost_picodollars": 40_000_000, "unsettled_picodollars": 0,
        "source_topic": "tickets", "source_partition": 0, "shares": shares,
    }  # fmt: skip
    return CallRecord(**{**given, **fields})


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"ticket_streams_{name}", labels)


def test_tickets_by_category_and_tier(registry: CollectorRegistry, counts: Counts) -> None:
    released = [work(routed()), work(routed()), work(routed("account", "cache"))]
    counts.committed(Outbox(released=released), 0.01)
    assert value(registry, "routed_tickets_total", category="billing", tier="first") == 2
    assert value(registry, "routed_tickets_total", category="account", tier="cache") == 1
    assert value(registry, "commit_duration_seconds_count") == 1


def test_dead_letters_by_a_name_that_is_known(registry: CollectorRegistry, counts: Counts) -> None:
    letters = [DeadLetter(kind, "m", "classify", 1, 0, 0) for kind in ("internal_error", "x" * 64)]
    counts.committed(Outbox(released=[work(letter) for letter in letters]), 0.01)
    for name in ("internal_error", "other"):
        assert value(registry, "dead_letters_total", stage="classify", error_type=name) == 1


def test_latency_is_since_the_event_was_sent(registry: CollectorRegistry, counts: Counts) -> None:
    counts.committed(Outbox(released=[work(routed(), age=20), work(routed(), age=-1)]), 0.01)
    assert value(registry, "ticket_latency_seconds_count") == 1
    assert value(registry, "ticket_latency_seconds_bucket", le="10.0") == 0
    assert value(registry, "ticket_latency_seconds_bucket", le="30.0") == 1


def test_a_call_with_its_tokens_and_money(registry: CollectorRegistry, counts: Counts) -> None:
    counts.committed(Outbox(calls=[call(), call(outcome="incomplete")]), 0.01)
    for outcome in ("ok", "incomplete"):
        labels = {"model": "small", "tier": "first", "outcome": outcome}
        assert value(registry, "calls_total", **labels) == 1
    assert value(registry, "call_tickets_total", model="small", tier="first") == 4
    tokens = {
        kind: value(registry, "tokens_total", model="small", kind=kind)
        for kind in ("input", "output", "cache_write", "cache_read")
    }
    assert tokens == {"input": 600, "output": 40, "cache_write": 6, "cache_read": 8}
    assert value(registry, "spend_dollars_total", model="small") == pytest.approx(80e-6)
    assert value(registry, "call_duration_seconds_sum", model="small", tier="first") == 1.4


def test_what_was_never_seen_is_unsettled(registry: CollectorRegistry, counts: Counts) -> None:
    lost = call(outcome=ABANDONED, status=None, cost_picodollars=0, unsettled_picodollars=10**9)
    taken_back = call(outcome="written_off", cost_picodollars=0, unsettled_picodollars=-(10**9))
    counts.committed(Outbox(calls=[lost, taken_back]), 0.01)
    assert value(registry, "unsettled_dollars_total", model="small") == pytest.approx(0.001)
    # When an abandoned call ended nobody knows.
    assert value(registry, "call_duration_seconds_count", model="small", tier="first") == 1


def test_what_is_expected_begins_at_0(registry: CollectorRegistry, counts: Counts) -> None:
    counts.begin(["billing", "unknown"], {"first": "small"})
    assert value(registry, "routed_tickets_total", category="unknown", tier="escalation") == 0
    assert value(registry, "dead_letters_total", stage="decode", error_type="not_json") == 0
    for error_type in ("internal_error", "invalid_request_error"):
        letters = {"stage": "classify", "error_type": error_type}
        assert value(registry, "dead_letters_total", **letters) == 0
    assert value(registry, "calls_total", model="small", tier="first", outcome="ok") == 0
    assert value(registry, "spend_dollars_total", model="small") == 0
