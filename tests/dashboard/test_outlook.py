from streams.books.rows import SpendRow
from streams.claude.prices import price_list
from streams.dashboard.outlook import OneByOne, outlook
from streams.dashboard.scope import Scope
from streams.dashboard.timeline import Timeline, sizes_for

# 21 November 2025, 10:30:00 UTC, a Friday; the month has 30 days.
NOW = 1_763_721_000.0
HOUR, DAY = 3_600, 86_400
KEY = ("m", "billing", "")


def spend(*rows: tuple[float, int]) -> Timeline:
    timeline = Timeline(sizes_for(60))
    for ago, picodollars in rows:
        timeline.add(NOW - ago, KEY, SpendRow(tickets=6, picodollars=picodollars), 1)
    return timeline


def test_days_and_hours_are_those_of_utc() -> None:
    found = outlook(
        spend((60, 1), (29 * 60, 2), (31 * 60, 4), (10 * HOUR, 8), (11 * HOUR, 16)), Scope(), NOW
    )
    assert found.hour.picodollars == 1 + 2
    assert found.today.picodollars == 1 + 2 + 4 + 8


def test_the_rate_is_that_of_the_last_hour() -> None:
    found = outlook(spend((0, 100), (59 * 60, 100), (61 * 60, 900)), Scope(), NOW)
    assert found.per_hour == 200
    assert found.projected_day == 1_100 + 200 * 27 // 2  # 13.5 hours are left


def test_a_young_installation_is_reckoned_from_its_first_ticket() -> None:
    found = outlook(spend((600, 100), (0, 100)), Scope(), NOW)
    assert found.per_hour == 1_200  # 200 in 10 minutes
    assert found.projected_month == 1_200 * 24 * 30


def test_the_month_goes_on_as_the_last_week() -> None:
    found = outlook(
        spend((20 * DAY, 7_000_000), *((day * DAY + 60, 240) for day in range(7))), Scope(), NOW
    )
    assert found.projected_month == 240 * 30
    assert found.mean_seconds == 7 * DAY


def test_a_filter_leaves_the_others_out() -> None:
    timeline = spend((0, 100))
    timeline.add(NOW, ("m", "account", ""), SpendRow(picodollars=7), 1)
    assert outlook(timeline, Scope(category="account"), NOW).today.picodollars == 7
    assert outlook(timeline, Scope(model="other"), NOW).today.picodollars == 0


def test_the_speed_is_that_of_the_last_two_minutes() -> None:
    assert outlook(spend((0, 1), (60, 1), (61, 1)), Scope(), NOW).tickets_per_second == 12 / 60


def test_without_books_everything_is_zero() -> None:
    found = outlook(spend(), Scope(), NOW).as_json()
    assert found["projected_month"] == found["today"] == "0"
    assert found["mean_seconds"] == 0


def test_one_by_one_pays_the_instructions_for_each_ticket() -> None:
    # 10 calls of 100 fixed tokens and 10 tickets each of 50 tokens and 20 of an answer.
    asked = SpendRow(calls=10, tickets=100, input_tokens=6_000, output_tokens=2_000)
    alone = OneByOne("claude-sonnet-5-5", 100, price_list())
    each = 150 * 2_000_000 + 20 * 10_000_000
    assert alone.cost(asked, 300, int(NOW * 1000)) == 300 * each
    assert alone.cost(SpendRow(), 300, int(NOW * 1000)) is None
    assert OneByOne("no-such-model", 100, price_list()).cost(asked, 1, int(NOW * 1000)) is None
