from decimal import Decimal

from streams.audit.books import Books, ErrorKey, SpendKey
from streams.audit.group import Group, Membership
from streams.audit.overview import overview
from streams.audit.skips import Skips
from streams.books.limits import Limit
from streams.books.rows import SpendRow
from streams.events.model import SkippedEvents, SkippedRun
from streams.events.wire import encode_skipped

HOUR = 3_600
NOON = 20_000 * 86_400.0 + 12 * HOUR
NOW = NOON + 600
MODEL = "claude-haiku-5-5"


def spent(books: Books, start: float, tickets: int) -> None:
    key = SpendKey(start, MODEL, "billing")
    books.spend[key] = SpendRow(calls=1, tickets=tickets, picodollars=tickets * 1_000)


def test_hours_and_days_are_told_apart_by_the_windows_start() -> None:
    books = Books()
    spent(books, NOON - 13 * HOUR, 1)  # yesterday
    spent(books, NOON - 60, 20)
    spent(books, NOON, 300)
    found = overview(books, Group("Empty"), NOW, 60)
    assert (found.today.tickets, found.hour.tickets) == (320, 300)
    assert (found.today.picodollars, found.hour.picodollars) == (320_000, 300_000)


def test_the_rate_is_that_of_the_last_minutes_and_counts_dead_letters() -> None:
    books = Books()
    spent(books, NOW - 360, 1_000)  # too old
    spent(books, NOW - 300, 40)
    spent(books, NOW - 60, 8)
    books.errors[ErrorKey(NOW - 60, "decode", "invalid_json")] = 2
    books.errors[ErrorKey(NOW - 60, "api", "overloaded_error")] = 99
    found = overview(books, Group("Stable", ends={0: 25}), NOW, 60)
    assert found.per_minute == 10
    assert found.minutes_left == 2.5


def test_what_was_skipped_is_finished_too_and_told_apart() -> None:
    skips = Skips()
    for at, count in ((NOON - 60, 5), (NOW - 60, 10)):
        runs = [SkippedRun(1, count, "filtered")]
        skips.take(encode_skipped(SkippedEvents("tickets", 0, round(at * 1000), runs)))
    found = overview(Books(), Group("Stable"), NOW, 60, skips=skips)
    assert (found.skipped_today, found.skipped_hour) == (15, 10)
    assert found.per_minute == 2
    assert found.as_json()["today"]["skipped"] == 15


def test_errors_are_the_most_frequent_first_and_dead_letters_are_those_given_up() -> None:
    books = Books()
    for stage, kind, count in [
        ("decode", "invalid_json", 2),
        ("api", "overloaded_error", 9),
        ("classify", "internal_error", 1),
    ]:
        books.errors[ErrorKey(NOON, stage, kind)] = count
    found = overview(books, Group("Empty"), NOW, 60)
    assert next(iter(found.errors_hour)) == ("api", "overloaded_error")
    assert (found.dead_letters_today, found.dead_letters_hour) == (3, 3)
    assert found.minutes_left is None


def test_programs_are_told_what_each_worker_has_to_do() -> None:
    members = (Membership("a", "c", "h", (0, 1)), Membership("b", "c", "h", ()))
    group = Group("Stable", members, {0: 10, 1: 5}, {0: 12, 1: 6})
    found = overview(Books(), group, NOW, 60).as_json()
    assert [worker["waiting"] for worker in found["workers"]] == [3, 0]
    assert found["lag"] == {"0": 2, "1": 1}
    assert found["waiting"] == 3


def test_with_several_input_topics_partitions_have_names() -> None:
    members = (Membership("a", "c", "h", (0, 2)),)
    names = {0: "tickets[0]", 1: "tickets[1]", 2: "mail[0]"}
    group = Group("Stable", members, {0: 10}, {0: 12, 1: 6, 2: 1}, names=names)
    found = overview(Books(), group, NOW, 60).as_json()
    assert found["workers"][0]["partitions"] == ["tickets[0]", "mail[0]"]
    assert found["lag"] == {"tickets[0]": 2, "tickets[1]": 6, "mail[0]": 1}


def test_each_category_has_its_speed_and_one_without_tickets_has_none() -> None:
    books = Books()
    spent(books, NOW - 60, 60)
    books.spend[SpendKey(NOON - HOUR, MODEL, "technical")] = SpendRow(tickets=9)
    found = overview(books, Group("Empty"), NOW, 60)
    assert found.by_category == {"billing": 0.2, "technical": 0.0}
    assert found.picodollars_per_hour == 60 * 1_000 * 12


def test_a_budget_counts_its_own_period_and_what_is_unsettled() -> None:
    books = Books()
    spent(books, NOON - HOUR, 1_000)
    books.spend[SpendKey(NOON, MODEL, "billing")] = SpendRow(
        picodollars=400, unsettled_picodollars=700
    )
    limits = [
        Limit("hour", Decimal("0.000000001")),
        Limit("day", Decimal(1)),
        Limit("day", Decimal(1), category="technical"),
        Limit("day", Decimal(1), category="billing", value="acme"),
    ]
    hour, day, technical, acme = overview(books, Group("Empty"), NOW, 60, limits).budgets
    assert (hour.period, hour.limit, hour.spent, hour.left) == ("hour", 1_000, 1_100, -100)
    assert (day.name, day.spent) == ("budget per day", 1_001_100)
    assert (technical.name, technical.spent) == ("budget per day, technical", 0)
    assert (acme.name, acme.spent) == ("budget per day, billing, acme", 0)
