"""Rows: what the tables gain is exactly what the call, ticket or error was."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.books.dimensions import coarse
from streams.books.money import split
from streams.books.rows import (
    ErrorDelta,
    SpendRow,
    error,
    errors_of_call,
    spend_of_call,
    spend_of_ticket,
    spend_of_tickets,
)
from streams.events.model import CallRecord, Classification, Share

amounts = st.integers(0, 10**15)
rows = st.builds(SpendRow, *[amounts] * 8)
categories = st.sampled_from(["billing", "technical", "unknown"])
outcomes = st.sampled_from(["ok", "low_confidence", "not_json", "missing"])

CALL = CallRecord(
    call_id="c1", started_at=1_000, ended_at=2_500, tier="first",
    requested_model="claude-haiku-5-5", model="claude-haiku-5-5", prompt_version="p", attempt=1,
    outcome="ok", status=200, request_id=None, input_tokens=214, output_tokens=19,
    cache_write_5m_tokens=3, cache_write_1h_tokens=4, cache_read_tokens=640,
    cost_picodollars=37_300_000, unsettled_picodollars=0, source_topic="tickets",
    source_partition=3, shares=(Share(7, "billing", 861, 19, 37_300_000),),
)  # fmt: skip
RESULT = Classification(
    category="billing", confidence=0.9, tier="first", model="claude-haiku-5-5", reason=None,
    input_tokens=1, output_tokens=1, cost_picodollars=1, call_id="c1", prompt_version="p",
    classified_at=2_500,
)  # fmt: skip


@st.composite
def calls(draw: st.DrawFn) -> CallRecord:
    """Calls as the classifier writes them: shares sum to the call; usage seen, or only bounded."""
    weights = draw(st.lists(st.integers(0, 5_000), min_size=1, max_size=30))
    seen = draw(st.booleans())
    used = draw(st.tuples(*[amounts] * 6)) if seen else (0,) * 6
    cost = split(used[5], weights)
    output = split(used[1], draw(st.permutations(weights)))
    answers = [draw(outcomes) for _ in weights] if seen else ["api_error"] * len(weights)
    return replace(
        CALL,
        status=200 if seen else draw(st.none() | st.sampled_from([429, 500, 529])),
        outcome=answers[0] if len({*answers}) == 1 else "incomplete",
        input_tokens=used[0],
        output_tokens=used[1],
        cache_write_5m_tokens=used[2],
        cache_write_1h_tokens=used[3],
        cache_read_tokens=used[4],
        cost_picodollars=used[5],
        unsettled_picodollars=0 if seen else draw(amounts),
        shares=tuple(
            Share(
                offset,
                draw(categories),
                weight,
                output[offset],
                cost[offset],
                answers[offset],
                books_value=draw(st.sampled_from(["", "c-1"])),
            )
            for offset, weight in enumerate(weights)
        ),
    )


def total(call: CallRecord) -> SpendRow:
    found = SpendRow()
    for delta in spend_of_call(call):
        found = found.plus(delta.row)
    return found


@given(calls())
def test_the_rows_of_a_call_sum_exactly_to_the_call(call: CallRecord) -> None:
    assert total(call) == SpendRow(
        int(call.usage_seen),
        0,
        call.input_tokens,
        call.output_tokens,
        call.cache_write_5m_tokens + call.cache_write_1h_tokens,
        call.cache_read_tokens,
        call.cost_picodollars,
        call.unsettled_picodollars,
    )


@given(calls())
def test_what_a_call_s_tickets_have_in_common_is_one_row_with_their_money(
    call: CallRecord,
) -> None:
    deltas = spend_of_call(call)
    assert len({delta.key for delta in deltas}) == len(deltas)
    found = {delta.key: (delta.row.picodollars, delta.row.output_tokens) for delta in deltas}
    for category, outcome, value in {(s.category, s.outcome, s.books_value) for s in call.shares}:
        shares = [
            share
            for share in call.shares
            if (share.category, share.outcome, share.books_value) == (category, outcome, value)
        ]
        paid = sum(share.cost_picodollars for share in shares)
        output = sum(share.output_tokens for share in shares)
        key = f"3|claude-haiku-5-5|{category}|first|{outcome}|p|{value}"
        assert found.get(key, (0, 0)) == (paid, output)


@given(calls())
def test_what_is_told_apart_sums_up_to_what_older_rows_told(call: CallRecord) -> None:
    older: dict[str, int] = {}
    for delta in spend_of_call(call):
        key = coarse(delta.key)
        older[key] = older.get(key, 0) + delta.row.picodollars
    paid: dict[str, int] = {}
    for share in call.shares:
        key = f"3|claude-haiku-5-5|{share.category}"
        paid[key] = paid.get(key, 0) + share.cost_picodollars
    assert older == {key: cost for key, cost in paid.items() if cost or key in older}


@given(calls())
def test_no_row_is_empty_or_negative(call: CallRecord) -> None:
    for delta in spend_of_call(call):
        assert any(delta.row)
        assert min(delta.row) >= 0


def test_a_call_counts_when_it_ended() -> None:
    assert [(delta.key, delta.at) for delta in spend_of_call(CALL)] == [
        ("3|claude-haiku-5-5|billing|first|ok|p|", 2.5)
    ]


def test_a_call_whose_usage_was_never_seen_is_only_bounded() -> None:
    lost = replace(
        CALL, status=None, outcome="timeout", input_tokens=0, output_tokens=0,
        cache_write_5m_tokens=0, cache_write_1h_tokens=0, cache_read_tokens=0, cost_picodollars=0,
        unsettled_picodollars=99, shares=(Share(7, "unknown", 0, 0, 0),),
    )  # fmt: skip
    assert total(lost) == SpendRow(unsettled_picodollars=99)


def test_a_refused_request_that_cost_nothing_adds_no_row() -> None:
    refused = replace(
        CALL, status=429, outcome="rate_limit_error", input_tokens=0, output_tokens=0,
        cache_write_5m_tokens=0, cache_write_1h_tokens=0, cache_read_tokens=0, cost_picodollars=0,
        shares=(Share(7, "unknown", 0, 0, 0),),
    )  # fmt: skip
    assert spend_of_call(refused) == []


@given(rows, rows, rows)
def test_adding_rows_is_in_any_order(a: SpendRow, b: SpendRow, c: SpendRow) -> None:
    assert a.plus(b) == b.plus(a)
    assert a.plus(b).plus(c) == a.plus(b.plus(c))
    assert a.plus(SpendRow()) == a


def test_a_row_of_another_length_is_not_added() -> None:
    with pytest.raises(ValueError, match="another length"):
        SpendRow().plus([1, 2])


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({}, "3|claude-haiku-5-5|billing|first|ok|p|"),
        ({"model": None, "tier": "none"}, "3|none|billing|none|ok|p|"),
        ({"reason": "empty_text"}, "3|claude-haiku-5-5|billing|first|empty_text|p|"),
        ({"books_value": "c-1"}, "3|claude-haiku-5-5|billing|first|ok|p|c-1"),
    ],
)
def test_a_released_ticket_adds_one_to_its_row(changes: dict[str, Any], key: str) -> None:
    delta = spend_of_ticket(3, replace(RESULT, **changes))
    assert (delta.key, delta.at, delta.row) == (key, 2.5, SpendRow(tickets=1))

    assert spend_of_tickets(3, [replace(RESULT, **changes)]) == [delta]


def test_released_tickets_that_are_alike_are_one_delta() -> None:
    later, other = replace(RESULT, classified_at=62_500), replace(RESULT, category="technical")
    deltas = spend_of_tickets(3, [RESULT, other, RESULT, later, RESULT])
    found = {(delta.key.split("|")[2], delta.at): delta.row for delta in deltas}
    assert found == {
        ("billing", 2.5): SpendRow(tickets=3),
        ("technical", 2.5): SpendRow(tickets=1),
        ("billing", 62.5): SpendRow(tickets=1),
    }
    assert len(deltas) == 3


@pytest.mark.parametrize(
    ("outcome", "status", "unsettled", "key"),
    [
        ("refusal", 200, 0, "3|answer|refusal"),
        ("rate_limit_error", 429, 0, "3|api|rate_limit_error"),
        ("timeout", None, 5, "3|api|timeout"),
        ("malformed", 200, 5, "3|api|malformed"),  # a 200 that told no usage
    ],
)
def test_a_call_without_an_answer_is_one_error(
    outcome: str, status: int | None, unsettled: int, key: str
) -> None:
    call = replace(CALL, outcome=outcome, status=status, unsettled_picodollars=unsettled)
    assert errors_of_call(call) == [ErrorDelta(key, 2.5)]


@given(calls())
def test_an_answered_call_is_one_error_for_each_ticket_without_an_answer(call: CallRecord) -> None:
    found = [delta.key for delta in errors_of_call(call)]
    if call.usage_seen:
        wrong = [s.outcome for s in call.shares if s.outcome in ("not_json", "missing")]
        assert found == [f"3|answer|{outcome}" for outcome in wrong]
    else:
        assert found == ["3|api|api_error"]


@pytest.mark.parametrize("outcome", ["ok", "low_confidence"])
def test_an_answer_is_no_error_however_sure(outcome: str) -> None:
    share = CALL.shares[0]._replace(outcome=outcome)
    assert errors_of_call(replace(CALL, outcome=outcome, shares=(share,))) == []


def test_a_record_from_before_shares_had_outcomes_counts_as_it_did_then() -> None:
    """As decoded, its one share has the default: the tables must still agree with the calls."""
    old = replace(CALL, outcome="refusal")
    assert [share.outcome for share in old.shares] == ["ok"]
    assert errors_of_call(old) == [ErrorDelta("3|answer|refusal", 2.5)]


def test_an_error_carries_its_partition_stage_and_type() -> None:
    assert error(0, "decode", "not_json", 1_500) == ErrorDelta("0|decode|not_json", 1.5)
