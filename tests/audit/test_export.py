"""Daily spend: what it says of calls, and that it loses and invents nothing."""

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from streams.audit.days import Days
from streams.audit.export import COLUMNS, DailyKey, DailyRow, DailySpend, in_dollars
from streams.books.rows import SpendRow, spend_of_call
from streams.claude.prices import Usage
from streams.events.model import CallRecord
from tests.audit.calls import HAIKU, call, drawn, timed_out

DAY = date(2026, 11, 21)


def spend_of(*calls: CallRecord, days: Days | None = None) -> DailySpend:
    spend = DailySpend(days or Days())
    for one in calls:
        spend.add(one)
    return spend


def test_a_shared_call_is_shared_out_over_its_categories() -> None:
    spend = spend_of(call(Usage(100, 40, 10, 20, 30), "billing", "technical"))
    # 100 x 100,000 + 40 x 500,000 + 10 x 125,000 + 20 x 200,000 + 30 x 10,000, in two
    half = DailyRow(0, 1, 1, 50, 20, 5, 10, 15, 17_775_000, 0)
    assert spend.rows == {
        DailyKey(DAY, HAIKU, "first", "billing"): half._replace(calls=1),
        DailyKey(DAY, HAIKU, "first", "technical"): half,
    }


def test_a_call_without_an_answer_is_unsettled_and_no_call() -> None:
    spend = spend_of(timed_out())
    assert spend.total() == DailyRow(tickets_asked=1, unsettled_picodollars=5_000)


def test_a_call_counts_on_the_day_it_ended() -> None:
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    late = call(Usage(1), ended=midnight)
    assert late.started_at < midnight.timestamp() * 1000
    assert [key.day for key in spend_of(late).rows] == [date(2026, 11, 22)]
    assert not spend_of(late, days=Days(last=DAY)).rows


@given(st.lists(drawn, max_size=8))
def test_it_is_the_books(calls: list[CallRecord]) -> None:
    """Summed over everything; and by model and category, as the spend table has it."""
    table: dict[tuple[str, str], SpendRow] = {}
    for one in calls:
        for delta in spend_of_call(one):
            model, category = delta.key.split("|")[1:3]
            before = table.get((model, category), SpendRow())
            table[model, category] = before.plus(delta.row)
    spend = spend_of(*calls)
    assert spend.total().picodollars == sum(one.cost_picodollars for one in calls)
    assert spend.total().calls == len(calls)
    for (model, category), row in table.items():
        mine = [r for k, r in spend.rows.items() if (k.model, k.category) == (model, category)]
        assert sum(r.picodollars for r in mine) == row.picodollars
        assert sum(r.input_tokens for r in mine) == row.input_tokens
        assert sum(r.output_tokens for r in mine) == row.output_tokens
        assert sum(r.calls for r in mine) == row.calls


@given(st.lists(drawn, max_size=8))
def test_the_sheet_says_dollars_to_the_pico_dollar(calls: list[CallRecord]) -> None:
    sheet = spend_of(*calls, timed_out()).sheet()
    rows = [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]
    assert list(sheet.columns) == list(COLUMNS)
    assert [tuple(row)[:4] for row in sheet.rows] == sorted(tuple(row)[:4] for row in sheet.rows)
    for row in rows:
        for column in ("", "unsettled_"):
            dollars = row[f"{column}dollars"]
            assert isinstance(dollars, Decimal)
            assert dollars * 10**12 == row[f"{column}picodollars"]


def test_dollars_are_written_with_all_places() -> None:
    assert f"{in_dollars(0):f}" == "0.000000000000"
    assert f"{in_dollars(10**18 + 1):f}" == "1000000.000000000001"
