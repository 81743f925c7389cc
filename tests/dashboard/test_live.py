"""What an open page is told, message by message."""

import json
import time
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.audit.budget_use import paid_in, use_of
from streams.books.rows import SpendRow
from streams.dashboard.live import Page, group_json
from streams.dashboard.scope import Scope
from streams.dashboard.watched import WatchedBooks
from streams.settings import load_settings
from tests.dashboard import scenes
from tests.dashboard.hand_fed import HandFed, this_minute
from tests.dashboard.scenes import HAIKU, SONNET

DAY, HOUR = 86_400, 3_600
PLACES = st.sampled_from([0, 60, 1_800, HOUR, 7 * HOUR, DAY, 30 * DAY])
"""Seconds ago: in this hour, day and month, and before."""
SCOPES = st.sampled_from(
    ["billing|first|ok|p|acme", "billing|first|ok|p|", "account|first|ok|p|acme"]
)
ALL_KINDS = [
    {"period": period, "dollars": "1", **scope}
    for period in ("hour", "day", "month")
    for scope in ({}, {"category": "billing"}, {"value": "acme"})
]
STEPPED = ("spend", "errors", "latency")


def page(source: HandFed, scope: Scope | None = None, **settings: object) -> Page:
    loaded = load_settings(**settings)
    return Page(source, loaded, scope or Scope(), lambda: loaded.limits)


def test_first_everything_and_then_only_what_has_changed() -> None:
    source = HandFed()
    source.spend(f"0|{HAIKU}|billing", SpendRow(1, 20, 300, 40, 5, 6, 2**60 + 1, 8))
    open_page, now = page(source), time.time()
    first = open_page.message(now)
    assert first["kind"] == "snapshot"
    start = int(this_minute())
    row = [1, 20, 300, 40, 5, 6, str(2**60 + 1), "8"]
    assert first["spend"] == [[start, [["billing", *row]]]]
    second = open_page.message(now)
    assert second.keys() == {"kind", "status"}
    source.errors("0|api|timeout", 3)
    third = open_page.message(now)
    assert third["errors"] == [[start, [["api", "timeout", 3]]]]
    assert "spend" not in third
    assert third["shown"]["errors"] == [["api", "timeout", 3]]


def test_a_delta_is_small_however_long_the_window() -> None:
    source = HandFed()
    scenes.fill(source, 600)
    open_page = page(source, Scope("7d"))
    snapshot = json.dumps(open_page.message(time.time()))
    source.spend(f"0|{HAIKU}|billing", SpendRow(1, 1, 1, 1, 1, 1, 1, 1))
    delta = json.dumps(open_page.message(time.time()))
    assert len(delta) < 5_000 < len(snapshot)


def test_other_books_begin_anew() -> None:
    source = HandFed()
    source.spend(f"0|{HAIKU}|billing", SpendRow(tickets=1))
    open_page = page(source)
    open_page.message(time.time())
    source.replace(WatchedBooks())
    again = open_page.message(time.time())
    assert again["kind"] == "snapshot"
    assert again["spend"] == []
    assert again["shown"]["total"]["tickets"] == 0


def test_a_filter_shows_one_category_or_one_model() -> None:
    source = HandFed()
    source.spend(f"0|{HAIKU}|billing", SpendRow(tickets=1))
    source.spend(f"0|{SONNET}|billing", SpendRow(tickets=2))
    source.spend(f"0|{HAIKU}|account", SpendRow(tickets=4))

    def shown(**filters: str) -> Any:
        return page(source, Scope(**filters)).message(time.time())["shown"]  # type: ignore[arg-type]

    assert shown()["total"]["tickets"] == 7
    assert shown(category="billing")["total"]["tickets"] == 3
    assert [one["name"] for one in shown(model=HAIKU)["categories"]] == ["account", "billing"]
    assert shown(model=HAIKU)["total"]["tickets"] == 5


def test_rows_that_tell_their_tier_tell_the_cache_too() -> None:
    source = HandFed()
    source.spend(f"0|{HAIKU}|billing", SpendRow(tickets=1))
    source.spend(f"0|{SONNET}|billing", SpendRow(tickets=2))
    shown = page(source).message(time.time())["shown"]
    assert (shown["escalated"], shown["cached"]) == (2, None)
    source.spend(f"0|{HAIKU}|billing|cache|ok|p|", SpendRow(tickets=4))
    source.spend(f"0|{SONNET}|billing|escalation|ok|p|", SpendRow(tickets=8))
    shown = page(source).message(time.time())["shown"]
    assert (shown["escalated"], shown["cached"]) == (10, 4)


def test_budgets_count_what_is_unsettled_and_say_what_is_left() -> None:
    source = HandFed()
    source.spend("0|m|billing", SpendRow(picodollars=3 * 10**12, unsettled_picodollars=10**12))
    told = page(source, budget_per_day=Decimal(10)).message(time.time())
    [budget] = told["budgets"]
    assert budget["period"] == "day"
    assert (budget["spent"], budget["left"]) == (str(4 * 10**12), str(6 * 10**12))


def test_a_budget_may_be_of_a_category_or_of_a_value() -> None:
    source = HandFed()
    source.spend("0|m|billing|first|ok|p|acme", SpendRow(picodollars=3))
    source.spend("0|m|account|first|ok|p|acme", SpendRow(picodollars=5))
    source.spend("0|m|billing|first|ok|p|other", SpendRow(picodollars=7))
    budgets = [
        {"period": "day", "dollars": "1", "category": "billing"},
        {"period": "day", "dollars": "1", "value": "acme"},
    ]
    told = page(source, budgets=budgets, books_field="customer_id").message(time.time())
    assert [(one["of"], one["spent"]) for one in told["budgets"]] == [
        ("billing", "10"),
        ("acme", "8"),
    ]


@given(
    st.sampled_from([1_800.0, 0.0]),
    st.lists(st.tuples(PLACES, SCOPES, st.integers(0, 9)), max_size=8),
)
def test_budgets_are_used_as_the_books_say(
    into_the_hour: float, rows: list[tuple[int, str, int]]
) -> None:
    source, now = HandFed(), (20_000 * DAY) + 7 * HOUR + into_the_hour
    for ago, row, money in rows:
        source.spend(f"0|m|{row}", SpendRow(picodollars=money), now // 60 * 60 - ago)
    limits = load_settings(budgets=ALL_KINDS, books_field="customer_id").limits
    told = Page(source, load_settings(), Scope(), lambda: limits).message(now)["budgets"]
    used = use_of(limits, paid_in(source.books), now)
    assert [int(one["spent"]) for one in told] == [one.spent for one in used]


def test_dead_letters_are_counted_by_their_stage() -> None:
    source = HandFed()
    source.errors("0|decode|too_large", 2)
    source.errors("0|classify|invalid_request_error", 3)
    source.errors("0|api|timeout", 50)
    told = page(source).message(time.time())
    assert told["letters"]["lately"] == 5


def test_the_group_tells_who_has_what_and_what_waits() -> None:
    told = group_json(scenes.group(waiting=360, workers=3), 5.0)
    assert told is not None
    assert told["read_at"] == 5_000
    assert told["waiting"] == sum(waiting for _, waiting in told["lag"]) > 0
    assert told["workers"][0]["partitions"] == [0, 3, 6]
    assert sum(worker["waiting"] for worker in told["workers"]) == told["waiting"]
    assert group_json(None, None) is None


def test_every_step_of_a_message_is_in_its_scope() -> None:
    source = HandFed()
    scenes.fill(source, 120)
    message = page(source).message(time.time())
    scope = message["scope"]
    for part in STEPPED:
        starts = [step[0] for step in message[part]]
        assert starts
        assert all(scope["first"] <= start < scope["end"] for start in starts)
