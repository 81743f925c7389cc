import json

import pytest

from streams.books.rows import SpendRow
from streams.dashboard import views
from streams.dashboard.views import POINTS, Frame
from streams.settings import load_settings
from tests.dashboard.hand_fed import HandFed

NOW = 1_763_715_650.0  # 50 s into a minute
THIS = NOW - 50
FRAME = Frame.ending(NOW, 60)
SPENT = SpendRow(1, 20, 3_000, 400, 500, 600, 7_000, 800)


def test_the_last_point_is_the_minute_that_runs() -> None:
    assert FRAME.point(THIS) == POINTS - 1
    assert FRAME.point(THIS - 59 * 60) == 0
    assert FRAME.point(THIS - 60 * 60) is None
    assert FRAME.point(THIS + 60) is None
    assert FRAME.as_json()["starts"] == [THIS - 60 * ago for ago in range(59, -1, -1)]


def test_short_windows_are_added_up_to_minutes() -> None:
    frame = Frame.ending(NOW, 10)
    assert frame.step == 60
    assert {frame.point(THIS + second) for second in range(0, 60, 10)} == {POINTS - 1}


def test_long_windows_make_long_steps() -> None:
    frame = Frame.ending(NOW, 3600)
    assert frame.as_json()["step_seconds"] == 3600
    assert frame.point(NOW // 3600 * 3600) == POINTS - 1


def test_spend_is_summed_over_models_and_partitions() -> None:
    source = HandFed()
    for row in ("0|small|billing", "1|small|billing", "1|large|billing"):
        source.spend(row, SPENT, THIS)
    told = views.spend(source.books, FRAME)
    assert told["categories"][0]["total"] == {
        "calls": 3,
        "tickets": 60,
        "input_tokens": 9_000,
        "output_tokens": 1_200,
        "cache_write_tokens": 1_500,
        "cache_read_tokens": 1_800,
        "picodollars": "21000",
        "unsettled_picodollars": "2400",
        "picodollars_per_1000_tickets": "350000",
    }
    assert told["categories"][0]["tickets"] == [0] * 59 + [60]
    assert told["categories"][0]["picodollars"] == ["0"] * 59 + ["21000"]


def test_windows_before_the_charts_count_only_in_the_total() -> None:
    source = HandFed()
    source.spend("0|m|billing", SPENT, THIS - 86_400)
    source.spend("0|m|billing", SPENT, THIS)
    told = views.spend(source.books, FRAME)
    assert (told["total"]["tickets"], told["recent"]["tickets"]) == (40, 20)
    assert sum(told["categories"][0]["tickets"]) == 20


def test_categories_are_sorted_and_unknown_is_last() -> None:
    source = HandFed()
    for category in ("unknown", "zebra", "account"):
        source.spend(f"0|m|{category}", SPENT, THIS)
    told = views.spend(source.books, FRAME)
    assert [one["category"] for one in told["categories"]] == ["account", "zebra", "unknown"]


def test_money_beyond_a_browsers_numbers_stays_exact() -> None:
    source = HandFed()
    source.spend("0|m|billing", SpendRow(tickets=1, picodollars=2**60 + 1), THIS)
    text = json.dumps(views.spend(source.books, FRAME))
    assert f'"{2**60 + 1}"' in text


def test_the_rate_is_rounded_to_the_nearest_and_missing_without_tickets() -> None:
    source = HandFed()
    source.spend("0|m|billing", SpendRow(calls=1, picodollars=5), THIS)
    assert views.spend(source.books, FRAME)["total"]["picodollars_per_1000_tickets"] is None
    source.spend("0|m|billing", SpendRow(calls=1, tickets=3, picodollars=5), THIS)
    assert views.spend(source.books, FRAME)["total"]["picodollars_per_1000_tickets"] == "1667"


def test_errors_are_told_by_stage_and_type() -> None:
    source = HandFed()
    source.errors("0|api|timeout", 2, THIS)
    source.errors("1|api|timeout", 3, THIS - 60)
    source.errors("0|answer|unreadable", 4, THIS - 86_400)
    told = views.errors(source.books, FRAME)
    assert (told["total"], told["recent"]) == (9, 5)
    answer, api = told["types"]
    assert answer == {
        "stage": "answer",
        "type": "unreadable",
        "total": 4,
        "recent": 0,
        "counts": [0] * POINTS,
    }
    assert (api["stage"], api["type"], api["total"]) == ("api", "timeout", 5)
    assert api["counts"] == [0] * 58 + [3, 2]


@pytest.mark.parametrize("fed", [False, True])
def test_status_says_how_current_the_numbers_are(fed: bool) -> None:
    source = HandFed()
    if fed:
        source.errors("0|api|timeout", 1, THIS)
    source.changed_at = NOW - 2 if fed else None
    source.tell("away", "Kafka does not answer")
    told = views.status(source, load_settings(app_id="mine"), NOW)
    assert told["state"] == "away"
    assert told["detail"] == "Kafka does not answer"
    assert told["app_id"] == "mine"
    assert told["now"] == NOW * 1000
    assert told["changed_at"] == ((NOW - 2) * 1000 if fed else None)
    assert told["newest_window"] == (THIS if fed else None)
