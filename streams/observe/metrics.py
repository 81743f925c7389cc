"""Every metric of a worker, in one place: its name, its kind, what it means, and its labels.

docs/metrics.md is made from this. Names follow Prometheus: base units, ``_total`` for what only
grows. What a label may say is bounded: never a key, a ticket, or a name that somebody else chose.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from streams.classify.answer import Reason
from streams.events.errors import ErrorType
from streams.events.model import ABANDONED, CLOSING, UNPRICED

PREFIX = "ticket_streams_"

OTHER = "other"
"""Stands for an error type that is not among ERROR_TYPES."""

ERROR_TYPES = frozenset(
    {
        *get_args(ErrorType),
        *get_args(Reason),
        # streams/claude/failures.py
        *("timeout", "network", "malformed_response", "unsendable_text"),
        *("enforced_spend_limit_reached", "contract_spend_limit_reached"),
        # The API's own
        *("invalid_request_error", "authentication_error", "billing_error", "permission_error"),
        *("not_found_error", "request_too_large", "rate_limit_error", "timeout_error"),
        *("api_error", "overloaded_error"),
        *(f"http_{status}" for status in (400, 413, 422, 429, 500, 502, 503, 504, 529)),
        *("low_confidence", "internal_error", ABANDONED, UNPRICED, *CLOSING),
    }
)
"""Outcomes and error types that are labels. The API, or what stands before it, may send any name:
the others count as OTHER."""

OUTCOMES = frozenset({"ok", "incomplete"}) | ERROR_TYPES
"""Of calls."""

STATES = ("ready", "blocked", "joining", "recovering", "rebalancing", "stopping")
"""Of a worker, as /readyz tells them; blocked is what a person must mend."""

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
CALLS = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60)
WAITS = (0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)
"""Upper bounds of histograms, in seconds."""


class Metric(NamedTuple):
    """``labels`` are names; ``buckets`` are a histogram's upper bounds."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: Sequence[float] = ()


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"{PREFIX}{name}_total", "counter", text, labels)


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(PREFIX + name, "gauge", text, labels)


def _histogram(name: str, text: str, buckets: Sequence[float], *labels: str) -> Metric:
    return Metric(f"{PREFIX}{name}_seconds", "histogram", text, labels, buckets)


# Counted when the transaction that holds them is committed

ROUTED = _counter(
    "routed_tickets",
    "Tickets sent to their category's topic, by the tier that answered: cache is an identical"
    " ticket's answer, none a ticket without text.",
    "category",
    "tier",
)
DEAD_LETTERS = _counter(
    "dead_letters", "Events sent to the dead-letter topic.", "stage", "error_type"
)
SKIPPED = _counter(
    "skipped_events", "Events finished without a result: filtered, tombstone, superseded.", "reason"
)
LATENCY = _histogram(
    "ticket_latency", "From a ticket's own Kafka time to the commit of its result.", WAITS
)
CALLS_MADE = _counter(
    "calls",
    "Calls of the Messages API, failed ones too; incomplete is an answer about some of its"
    " tickets only.",
    "model",
    "tier",
    "outcome",
)
CALL_TICKETS = _counter("call_tickets", "Tickets that these calls asked about.", "model", "tier")
CALL_SECONDS = _histogram(
    "call_duration", "From a call's begin to its end, failed ones too.", CALLS, "model", "tier"
)
TOKENS = _counter(
    "tokens",
    "Tokens of answered calls by kind: input (not cached), output, cache_write, cache_read.",
    "model",
    "kind",
)
SPEND = _counter(
    "spend_dollars",
    "Cost of answered calls in US dollars. A float: exact sums are those of `ticket-streams"
    " spend`.",
    "model",
)
UNSETTLED = _counter(
    "unsettled_dollars",
    "Most that calls can have cost whose usage was never seen, in US dollars. What `ticket-streams"
    " reconcile` writes off is not taken back here.",
    "model",
)
COMMIT_SECONDS = _histogram("commit_duration", "Transactions that were committed.", FAST)

# Counted when it happens

THROTTLED = _counter(
    "kafka_throttled_seconds",
    "How long Kafka's quotas held back requests of the worker's consumer and of its producers, by"
    " kind: produce, fetch, transaction or other.",
    "request",
)

# Read when scraped

READY = _gauge("ready", "1 while /readyz says ready, else 0.")
STATE = _gauge("state", "1 for the state the worker is in, 0 for the others.", "state")
BREAKER = _gauge("breaker_open", "1 while the dead-letter breaker holds everything back.")
HELD = _gauge(
    "calls_held", "1 while no call of the tier is made until a person has mended it.", "tier"
)
PAUSED = _gauge("calls_paused", "1 while the API asked us to wait (retry-after).", "tier")
BUDGET_SHARE = _gauge(
    "budget_spent_ratio",
    "Part of the budget that all workers have spent in its period, as this one sees it.",
    "budget",
)
BUDGET_UP = _gauge(
    "budget_used_up",
    "1 while so little of the budget is left that tickets wait, or go without what it pays.",
    "budget",
)
IN_FLIGHT = _gauge("calls_in_flight", "Calls under way.", "tier")
SLOTS = _gauge("call_slots", "Most calls under way at once: `max_calls`.")
WAITING = _gauge("waiting_tickets", "Tickets that wait for a call.", "tier")
PENDING = _gauge("pending_events", "Events that are read and not yet committed.", "partition")
PENDING_BYTES = _gauge("pending_bytes", "Their keys, values and headers.", "partition")
MOST_PENDING = _gauge("pending_events_limit", "Most pending events: `max_pending`.")
LAG = _gauge(
    "lag_events",
    "Offsets from the committed one to the partition's end, which is looked up every ten seconds;"
    " only of partitions that this worker owns.",
    "partition",
)
UNSENT = _gauge(
    "uncommitted_seconds", "How long results have waited for a commit that is due.", "partition"
)
API_LIMIT = _gauge(
    "api_rate_limit", "The organisation's limit a minute, as the last answer told.", "model", "kind"
)
API_REMAINING = _gauge("api_rate_limit_remaining", "What was left of it then.", "model", "kind")
BUILD = _gauge("build_info", "Always 1.", "version", "prompt_version")

ALL = tuple(value for value in list(globals().values()) if isinstance(value, Metric))


def bounded(name: str, known: frozenset[str] = ERROR_TYPES) -> str:
    """``name`` if it is known, else OTHER."""
    return name if name in known else OTHER
