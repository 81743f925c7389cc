from streams.audit.books import Books, RowKey
from streams.audit.records import Called, Finished, SourceKey
from streams.audit.tables import Recomputed
from streams.books.changelog import encode_key, encode_spend
from streams.books.rows import SpendRow, error
from streams.events.model import CallRecord, Share

MINUTE = 1_763_715_600  # divisible by 60
X = "3|m|x|first|ok|v|"


def call(ended_at: int, outcome: str = "ok") -> CallRecord:
    shares = [Share(7, "billing", 30, 2, 100), Share(8, "account", 30, 2, 101)]
    numbers = (40, 4, 10, 0, 10, 201, 0)
    start = ("id", ended_at - 50, ended_at, "first", "m", "m", "v", 1, outcome, 200, None)
    return CallRecord(*start, *numbers, "tickets", 3, shares)  # type: ignore[arg-type]


def row(key: str, start: int = MINUTE) -> RowKey:
    return RowKey(key, float(start))


def test_a_call_and_its_ticket_give_the_rows_they_must() -> None:
    tables = Recomputed(60)
    tables.add(Called("calls[3]@0", call(MINUTE * 1000 + 59_999)))
    assert tables.spend == {
        row("3|m|billing|first|ok|v|"): SpendRow(1, 0, 20, 2, 5, 5, 100, 0),
        row("3|m|account|first|ok|v|"): SpendRow(0, 0, 20, 2, 5, 5, 101, 0),
    }
    assert tables.errors == {}


def test_the_next_millisecond_is_in_the_next_window() -> None:
    tables = Recomputed(60)
    tables.add(Called("calls[3]@0", call(MINUTE * 1000 + 60_000, "refusal")))
    assert tables.errors == {row("3|answer|refusal", MINUTE + 60): 1}


def test_dead_letters_count_as_errors_of_their_stage() -> None:
    tables = Recomputed(60)
    adds = error(3, "decode", "not|json", MINUTE * 1000)
    for offset in (1, 2):
        tables.add(Finished("d[0]@0", SourceKey(3, offset), None, True, 0, None, adds))
    assert tables.errors == {row("3|decode|not|json"): 2}


def test_a_row_that_should_not_be_there_is_named() -> None:
    books = Books()
    books.apply_spend(encode_key(X, MINUTE, MINUTE + 59.9), encode_spend(SpendRow(tickets=2)))
    spend, errors = Recomputed(60).checks(books, (), 0)
    assert spend.culprits == (f"{X} of 2025-11-21T09:00:00Z: tickets 2 instead of 0",)
    assert errors.ok


def test_what_an_older_version_deleted_is_not_missed() -> None:
    """It moved nothing into hours: before the first whole day of its oldest row nothing is judged,
    after that everything."""
    day = 86_400
    tables, books = Recomputed(60), Books()
    for ago in (20, 1, 0):
        tables.add(Called("calls[3]@0", call((MINUTE - ago * day) * 1000)))
    old = SpendRow(1, 0, 20, 2, 5, 5, 100, 0)
    key = encode_key("3|m|billing", MINUTE - day, MINUTE - day + 59.9)
    books.apply_spend(key, encode_spend(old))
    spend, _ = tables.checks(books, (), 0)
    assert spend.culprits == (
        "3|m|account|first|ok|v| of 2025-11-21T09:00:00Z: "
        "input_tokens 0 instead of 20, output_tokens 0 instead of 2, cache_write_tokens 0 instead "
        "of 5, cache_read_tokens 0 instead of 5, picodollars 0 instead of 101",
        "3|m|billing|first|ok|v| of 2025-11-21T09:00:00Z: calls 0 instead of 1, "
        "input_tokens 0 instead of 20, output_tokens 0 instead of 2, cache_write_tokens 0 instead "
        "of 5, cache_read_tokens 0 instead of 5, picodollars 0 instead of 100",
    )
