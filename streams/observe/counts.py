"""Counts what the partitions of a worker commit: told after each commit, never before."""

import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.classify.triage import CallTier
from streams.delivery.outbox import Outbox
from streams.delivery.throttling import KINDS, Kind
from streams.delivery.work import DeadLetter, Skipped, Work
from streams.events.errors import ErrorType
from streams.events.model import ABANDONED, CallRecord, Classification, SkipReason, Tier
from streams.observe import metrics
from streams.observe.metrics import OUTCOMES, Metric, bounded

REFUSED = ("internal_error", "invalid_request_error", "request_too_large", "unsendable_text")
"""Error types of tickets that could be read, and not be asked about; others are rare."""

Told = defaultdict[tuple[Counter, tuple[str, ...]], float]
"""What a transaction adds, by counter and labels: prometheus_client takes 3 microseconds to find a
series, so each is looked for once a transaction."""


def worker_registry() -> CollectorRegistry:
    """A new registry with the process's own metrics: memory, CPU, start, open files."""
    # Else each counter has a second series, which nobody reads.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


class Counts:
    """Since the worker's start. What was counted and what is committed is the same set of tickets
    and calls, until the worker dies between a commit and its count."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._routed = _counter(metrics.ROUTED, registry)
        self._dead_letters = _counter(metrics.DEAD_LETTERS, registry)
        self._skipped = _counter(metrics.SKIPPED, registry)
        self._latency = _histogram(metrics.LATENCY, registry)
        self._calls = _counter(metrics.CALLS_MADE, registry)
        self._call_tickets = _counter(metrics.CALL_TICKETS, registry)
        self._call_seconds = _histogram(metrics.CALL_SECONDS, registry)
        self._tokens = _counter(metrics.TOKENS, registry)
        self._spend = _counter(metrics.SPEND, registry)
        self._unsettled = _counter(metrics.UNSETTLED, registry)
        self._commits = _histogram(metrics.COMMIT_SECONDS, registry)
        self._throttled = _counter(metrics.THROTTLED, registry)

    def begin(self, categories: Collection[str], models: Mapping[CallTier, str]) -> None:
        """Show what is expected as 0: Prometheus sees no growth in what begins at 1."""
        for category in categories:
            for answered_by in get_args(Tier):
                self._routed.labels(category, answered_by)
        for error_type in get_args(ErrorType):
            self._dead_letters.labels("decode", error_type)
        for error_type in REFUSED:
            self._dead_letters.labels("classify", error_type)
        for reason in get_args(SkipReason):
            self._skipped.labels(reason)
        for kind in KINDS:
            self._throttled.labels(kind)
        for tier, model in models.items():
            self._calls.labels(model, tier, "ok")
            self._call_tickets.labels(model, tier)
            self._spend.labels(model)
            self._unsettled.labels(model)

    def committed(self, outbox: Outbox, seconds: float) -> None:
        """A transaction that took ``seconds`` is committed now."""
        self._commits.observe(seconds)
        told: Told = defaultdict(float)
        now = time.time()
        for work in outbox.released:
            self._ticket(told, work, now)
        for call in outbox.calls:
            self._call(told, call)
        for (counter, labels), amount in told.items():
            counter.labels(*labels).inc(amount)

    def throttled(self, kind: Kind, seconds: float) -> None:
        """A request that a quota holds back for ``seconds``."""
        self._throttled.labels(kind).inc(seconds)

    def _ticket(self, told: Told, work: Work, now: float) -> None:
        result = work.result
        if isinstance(result, Classification):
            told[self._routed, (result.category, result.tier)] += 1
        elif isinstance(result, DeadLetter):
            told[self._dead_letters, (result.stage, bounded(result.error_type))] += 1
        elif isinstance(result, Skipped):
            told[self._skipped, (result.reason,)] += 1
            return
        if work.timestamp > 0:  # a topic of old may have none
            self._latency.observe(max(0.0, now - work.timestamp / 1000))

    def _call(self, told: Told, call: CallRecord) -> None:
        model, tier = call.requested_model, call.tier  # what the settings name: bounded
        told[self._calls, (model, tier, bounded(call.outcome, OUTCOMES))] += 1
        told[self._call_tickets, (model, tier)] += len(call.shares)
        if call.outcome != ABANDONED:  # when it ended nobody knows
            took = max(0, call.ended_at - call.started_at) / 1000
            self._call_seconds.labels(model, tier).observe(took)
        written = call.cache_write_5m_tokens + call.cache_write_1h_tokens
        told[self._tokens, (model, "input")] += call.input_tokens
        told[self._tokens, (model, "output")] += call.output_tokens
        told[self._tokens, (model, "cache_write")] += written
        told[self._tokens, (model, "cache_read")] += call.cache_read_tokens
        told[self._spend, (model,)] += call.cost_picodollars / PICODOLLARS_PER_DOLLAR
        unsettled = max(0, call.unsettled_picodollars)
        told[self._unsettled, (model,)] += unsettled / PICODOLLARS_PER_DOLLAR


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name, metric.help, metric.labels, registry=registry)


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    return Histogram(
        metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets
    )
