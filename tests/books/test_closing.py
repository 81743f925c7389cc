"""Calls whose cost was not known, and the records that end that: exact sums, each once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.books.closing import (
    closes,
    repriced,
    settle,
    settled,
    still_unsettled,
    unpriced,
    written_off,
)
from streams.books.rows import SpendRow, errors_of_call, spend_of_call
from streams.events.model import UNPRICED, CallRecord
from streams.events.wire import decode_call, encode_call
from tests.delivery.test_intents import intent


def unsettled(call_id: str, bound: int, model: str = "m") -> CallRecord:
    return replace(intent(call_id), unsettled_picodollars=bound, model=model)


def paid(call_id: str, cost: int, model: str = "m") -> CallRecord:
    [share] = intent().shares
    return replace(
        intent(call_id),
        outcome="ok",
        status=200,
        model=model,
        cost_picodollars=cost,
        unsettled_picodollars=0,
        shares=(share._replace(cost_picodollars=cost),),
    )


def without_price(call_id: str = "u", bound: int = 50) -> CallRecord:
    shares = tuple(
        intent().shares[0]._replace(source_offset=n, category=name, input_tokens=tokens,
                output_tokens=2)
        for n, (name, tokens) in enumerate([("billing", 10), ("account", 30)])
    )  # fmt: skip
    return replace(
        unsettled(call_id, bound), outcome=UNPRICED, status=200, input_tokens=40, output_tokens=4,
        shares=shares,
    )  # fmt: skip


def rows(*calls: CallRecord) -> dict[tuple[str, float], SpendRow]:
    total: dict[tuple[str, float], SpendRow] = {}
    for call in calls:
        for delta in spend_of_call(call):
            at = delta.key, delta.at
            total[at] = total.get(at, SpendRow()).plus(delta.row)
    return total


def test_a_call_and_its_write_off_are_nothing_together() -> None:
    shares = tuple(intent().shares[0]._replace(source_offset=n) for n in range(3))
    call = replace(unsettled("a", 100), shares=shares)
    off = written_off(call)
    assert decode_call(encode_call(off)) == off
    assert set(rows(call, off).values()) == {SpendRow()}
    assert errors_of_call(off) == []
    assert closes(off) == "a"
    assert closes(call) is None


def test_a_call_and_its_settlement_are_what_it_cost() -> None:
    call = unsettled("a", 100)
    record = settled(call, 33)
    assert decode_call(encode_call(record)) == record
    assert sum(row.picodollars for row in rows(call, record).values()) == 33
    assert sum(row.unsettled_picodollars for row in rows(call, record).values()) == 0
    assert sum(share.cost_picodollars for share in record.shares) == 33
    assert not record.usage_seen
    assert closes(record) == "a"


def test_a_price_that_comes_later_adds_money_and_no_tokens() -> None:
    call = without_price()
    record = repriced(call, 100)
    both = rows(call, record)
    assert sum(row.calls for row in both.values()) == 1
    assert sum(row.input_tokens for row in both.values()) == 40
    assert {row.unsettled_picodollars for row in both.values()} == {0}
    by_category = {key.split("|")[2]: row.picodollars for (key, _), row in both.items()}
    assert by_category == {"billing": 27, "account": 73}  # as 12 to 32 tokens
    assert errors_of_call(record) == []


def test_only_a_call_whose_tokens_were_seen_lacks_nothing_but_a_price() -> None:
    assert unpriced(without_price())
    assert not unpriced(unsettled("a", 5))
    assert not unpriced(replace(unsettled("a", 5), outcome=UNPRICED, status=200))  # of old


def test_what_is_closed_is_not_unsettled() -> None:
    calls = [unsettled(name, 5) for name in "abcd"] + [paid("e", 9)]
    calls += [written_off(calls[0]), settled(calls[1], 3), repriced(calls[2], 7)]
    assert [call.call_id for call in still_unsettled(calls)] == ["d"]


@given(
    paid_before=st.lists(st.integers(0, 10**12), max_size=4),
    bounds=st.lists(st.integers(1, 10**12), min_size=1, max_size=8),
    part=st.fractions(0, 1),
    first=st.sets(st.integers(0, 7)),
)
def test_settled_money_is_the_account_s_to_the_pico_dollar_even_in_two_goes(
    paid_before: list[int], bounds: list[int], part: float, first: set[int]
) -> None:
    calls = [paid(f"p{n}", cost) for n, cost in enumerate(paid_before)]
    calls += [unsettled(f"u{n}", bound) for n, bound in enumerate(bounds)]
    account = {"m": sum(paid_before) + int(sum(bounds) * part)}
    records, problems = settle(calls, account)
    assert (len(records), problems) == (len(bounds), [])
    for record, bound in zip(
        sorted(records, key=lambda r: int(r.call_id[1:-8])), bounds, strict=True
    ):
        assert 0 <= record.cost_picodollars <= bound == -record.unsettled_picodollars
    # a crash in between: some are written, the others are settled later
    calls += [record for n, record in enumerate(records) if n in first]
    calls += settle(calls, account)[0]
    assert sum(call.cost_picodollars for call in calls) == account["m"]
    assert sum(call.unsettled_picodollars for call in calls) == 0
    assert settle(calls, account) == ([], [])


@pytest.mark.parametrize(
    ("account", "problem"),
    [
        ({}, "m: the account does not name it"),
        ({"m": 99}, "m: the books have 1 pico-dollars more than the account"),
        ({"m": 151}, "m: the account has 51 pico-dollars that no settled call explains"),
    ],
)
def test_an_account_that_does_not_fit_settles_nothing_of_its_model_and_all_of_others(
    account: dict[str, int], problem: str
) -> None:
    calls = [paid("p", 100), unsettled("u", 50), unsettled("o", 7, "other")]
    records, [found] = settle(calls, {**account, "other": 7})
    assert found.startswith(problem)
    assert [record.call_id for record in records] == ["o.settled"]


def test_a_model_may_go_by_several_names() -> None:
    calls = [paid("p", 100, "m-20260101"), unsettled("u", 50, "m")]
    [record], problems = settle(calls, {"alias": 120}, lambda _: "m")
    assert (record.cost_picodollars, problems) == (20, [])


def test_while_calls_lack_a_price_nothing_is_settled() -> None:
    calls = [without_price(), unsettled("a", 5, "other")]
    assert settle(calls, {"m": 10, "other": 5}) == (
        [],
        ["1 calls have no price: reprice them first"],
    )
