"""What a page may have to show: hand-made worlds for its tests and its screenshots."""

import math
import random
import time

from streams.audit.group import Group, Membership
from streams.books.changelog import encode_count, encode_key, encode_spend
from streams.books.rows import SpendRow
from streams.events.model import CallRecord
from tests.dashboard.hand_fed import MINUTE, HandFed, this_minute

HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-5-5"
CATEGORIES = ("account", "billing", "product_feedback", "technical", "unknown")
WEEK_MINUTES = 10_080


def call(at: float, model: str = HAIKU, took: int = 400, **changes: object) -> CallRecord:
    """A call of one ticket that ended at epoch seconds ``at`` after ``took`` milliseconds."""
    given: dict[str, object] = {
        "call_id": "c", "started_at": int(at * 1000) - took, "ended_at": int(at * 1000),
        "tier": "first", "requested_model": model, "model": model, "prompt_version": "p",
        "attempt": 1, "outcome": "ok", "status": 200, "request_id": None, "input_tokens": 2_000,
        "output_tokens": 400, "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0,
        "cache_read_tokens": 0, "cost_picodollars": 1, "unsettled_picodollars": 0,
        "source_topic": "tickets", "source_partition": 0, "shares": (), "requests_limit": 1_000,
        "input_tokens_limit": 450_000, "output_tokens_limit": 90_000,
    }  # fmt: skip
    return CallRecord(**{**given, **changes})  # type: ignore[arg-type]


def fill(source: HandFed, minutes: int, seed: int = 1, *, calls: bool = True) -> None:
    """So many minutes of work up to this one: days and nights, five categories, two models."""
    rng = random.Random(seed)
    now = this_minute()
    for ago in reversed(range(minutes)):
        start = now - ago * MINUTE
        busy = 1.3 + math.sin(start / 86_400 * 2 * math.pi - 1.9) + rng.random() * 0.3
        for number, category in enumerate(CATEGORIES):
            for model in (HAIKU, SONNET):
                _row(source, rng, start, category, model, busy * (5 - number))
        if rng.random() < 0.3 or 40 < ago < 46:
            key = encode_key("0|api|overloaded_error", start, start + MINUTE)
            source.books.apply_error(key, encode_count(rng.randint(1, 4) * (9 if ago > 40 else 1)))
        if rng.random() < 0.15:
            key = encode_key("0|answer|missing", start, start + MINUTE)
            source.books.apply_error(key, encode_count(rng.randint(1, 3)))
        for _ in range(12 if calls else 0):
            took = int(rng.lognormvariate(6.2, 0.4))
            source.calls.add(call(start + rng.random() * 59, took=took), source.stamp)
    source.changed_at = source.current_at = time.time()
    source.touch()


def _row(
    source: HandFed, rng: random.Random, start: float, category: str, model: str, busy: float
) -> None:
    share = 1.0 if model == HAIKU else 0.05
    tickets = int(busy * share * 40 * rng.uniform(0.8, 1.2)) + (model == HAIKU)
    calls = -(-tickets // 20)
    read, written = calls * 330 + tickets * 90, tickets * 19
    price = (100_000, 500_000) if model == HAIKU else (2_000_000, 10_000_000)
    paid = read * price[0] + written * price[1]
    row = SpendRow(calls, tickets, read, written, 0, 0, paid, 0)
    key = encode_key(f"0|{model}|{category}", start, start + MINUTE)
    source.books.apply_spend(key, encode_spend(row))


def group(waiting: int = 0, workers: int = 2) -> Group:
    """A group of eight partitions."""
    shares = [tuple(range(n, 8, workers)) for n in range(workers)]
    members = [
        Membership(f"ticket-streams-{n}", "ticket-streams", f"10.0.0.{n + 4}", partitions)
        for n, partitions in enumerate(shares)
    ]
    ends = {p: 1_000 + waiting * (p + 1) // 36 for p in range(8)}
    state = "Stable" if workers else "Empty"
    return Group(state, tuple(members), dict.fromkeys(range(8), 1_000), ends)


def busy(source: HandFed, minutes: int = 1_500) -> None:
    """Everything there is to show, two workers, and nothing is the matter."""
    fill(source, minutes)
    source.group, source.group_at = group(waiting=23), time.time()
    now = int(time.time() * 1000)
    source.latest.tickets = [
        {
            "at": now - n * 400,
            "place": f"{n % 8}:{10_000 - n}",
            "category": CATEGORIES[n * 3 % 5],
            "confidence": 0.99 - n * 0.02,
            "tier": ("first", "first", "cache", "escalation")[n % 4],
            "model": SONNET if n % 4 == 3 else HAIKU,
            "reason": "low_confidence" if n * 3 % 5 == 4 else None,
            "picodollars": "0" if n % 4 == 2 else str(17_800_000 + n * 250_000),
        }
        for n in range(12)
    ]
    source.touch()


def trouble(source: HandFed, minutes: int = 1_500) -> None:
    """A bad night: the API fails, tickets wait, letters come, a budget is nearly gone."""
    busy(source, minutes)
    start = this_minute()
    for ago in range(6):
        source.errors("0|api|overloaded_error", 90 - 9 * ago, start - ago * MINUTE)
    source.errors("0|decode|too_large", 3)
    source.latest.letters = [
        {
            "at": int(time.time() * 1000) - n * 61_000,
            "place": f"0:{n}",
            "source": f"tickets[{n}]@{4_711 + n}",
            "stage": "decode",
            "type": "too_large",
            "message": "more than 2,097,152 bytes",
            "redriven": 0,
        }
        for n in range(3)
    ]
    source.group = group(waiting=128_400, workers=2)
    source.touch()
