import time

from streams.books.changelog import encode_key, encode_spend
from streams.books.rows import SpendRow
from streams.dashboard.live import Page
from streams.dashboard.scope import Scope
from streams.dashboard.watched import WatchedBooks
from streams.settings import load_settings
from tests.dashboard.hand_fed import HandFed

HOUR = 3_600
START = 1_763_712_000


def apply(books: WatchedBooks, row: str, start: float, size: float, tickets: int | None) -> None:
    value = None if tickets is None else encode_spend(SpendRow(tickets=tickets))
    books.apply_spend(encode_key(row, start, start + size - 0.1), value)


def test_a_row_that_changes_or_goes_is_counted_once() -> None:
    books = WatchedBooks()
    apply(books, "0|m|billing", START, 60, 5)
    apply(books, "1|m|billing", START, 60, 7)
    apply(books, "0|m|billing", START, 60, 6)
    apply(books, "1|m|billing", START, 60, None)
    assert books.spend_steps.step(60, START) == {("m", "billing", ""): [0, 6, 0, 0, 0, 0, 0, 0]}


def test_a_minute_that_moves_into_its_hour_keeps_the_sum() -> None:
    books = WatchedBooks()
    apply(books, "0|m|billing", START + 120, 60, 5)
    apply(books, "0|m|billing", START, HOUR, 5)
    apply(books, "0|m|billing", START + 120, 60, None)
    [row] = books.spend_steps.total(HOUR, START, START + HOUR).values()
    assert row[1] == 5


def test_steps_are_no_shorter_than_the_windows_in_them() -> None:
    books = WatchedBooks()
    apply(books, "0|m|billing", START, HOUR, 5)
    apply(books, "0|m|billing", START + HOUR, 60, 5)
    assert books.sizes_from(START) == (HOUR,)
    assert books.sizes_from(START + HOUR) == (60, 600, HOUR)


def test_a_page_about_hours_has_steps_of_hours() -> None:
    source = HandFed()
    now = time.time()
    start = now // HOUR * HOUR
    apply(source.books, "0|m|billing", start - 2 * HOUR, HOUR, 5)
    apply(source.books, "0|m|billing", start, 60, 5)

    def step(scope: Scope) -> int:
        size: int = Page(source, load_settings(), scope, tuple).message(now)["scope"]["step"]
        return size

    assert step(Scope("15m")) == 60
    assert step(Scope("24h")) == HOUR
