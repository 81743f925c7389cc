"""Sums over windows of every size, as a Faust user asks for them."""

from operator import add

from hypothesis import given
from hypothesis import strategies as st

from streams.books.dimensions import read_key
from streams.books.reading import Reading
from streams.books.windows import DAY, HOUR, Span, Window

START = 20_000 * DAY
KEY = "0|m|billing|first|ok|p|"

Rows = dict[tuple[str, Span], int]


def row(start: float, size: int = 60, key: str = KEY) -> tuple[str, Span]:
    return key, Window(start, size).span


def reading(rows: Rows, now: float = START) -> Reading[int]:
    return Reading(rows, 0, add, lambda: now)


def test_an_hour_is_its_row_and_what_has_not_moved_yet() -> None:
    rows = {row(START, HOUR): 1, row(START + 60): 2, row(START + HOUR): 4}
    assert reading(rows).hour() == 3
    assert reading(rows).hour(START + HOUR + 5) == 4
    assert reading({**rows, row(START, DAY): 8}).hour() == 3


def test_a_day_has_rows_of_all_sizes() -> None:
    rows = {row(START, DAY): 1, row(START + HOUR, HOUR): 2, row(START + DAY - 60): 4}
    assert reading({**rows, row(START + DAY): 8}).day() == 7
    assert reading({**rows, row(START + DAY): 8}).day(START + DAY) == 8


def test_the_last_minutes_hop_with_the_clock() -> None:
    rows = {row(START + 60 * n): 2**n for n in range(4)}
    assert reading(rows, START + 240).last(120) == 2**2 + 2**3
    assert reading(rows, START + 250).last(120) == 2**2 + 2**3  # the third is still in it, in part


def test_some_rows_only() -> None:
    rows = {row(START): 1, row(START, key="0|m|account|first|ok|p|"): 2}
    account = reading(rows).total(lambda key: read_key(key)[1].category == "account")
    assert account == 2


@given(
    st.dictionaries(
        st.integers(0, 3 * DAY // 60 - 1).map(lambda n: START + 60 * n), st.integers(1, 99)
    ),
    st.data(),
)
def test_a_move_changes_no_sum_of_the_larger_window(
    paid: dict[int, int], data: st.DataObject
) -> None:
    rows: Rows = {row(start): amount for start, amount in paid.items()}
    before = [reading(rows).day(START + day * DAY) for day in range(3)]
    for key, span in sorted(rows):
        window = Window.of(span).larger if data.draw(st.booleans()) else None
        if window is not None:
            rows[key, window.span] = rows.get((key, window.span), 0) + rows.pop((key, span))
    assert [reading(rows).day(START + day * DAY) for day in range(3)] == before
    assert reading(rows).total() == sum(paid.values())
