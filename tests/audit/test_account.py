"""The books against the API's own account, model by model."""

from dataclasses import replace

import pytest

from streams.audit.account import Account, Charged, Totals
from streams.claude.prices import price_list
from tests.delivery.test_intents import intent

HAIKU = "claude-haiku-5-5"
SNAPSHOT = f"{HAIKU}-20261007"
SONNET = "claude-sonnet-5-5"


def totals(*booked: tuple[str, int, int]) -> Totals:
    out = Totals()
    for model, cost, bound in booked:
        out.add(replace(intent(), model=model, cost_picodollars=cost, unsettled_picodollars=bound))
    return out


def culprits(booked: Totals, charged: dict[str, int], *, strict: bool = False) -> tuple[str, ...]:
    account = Account.of(
        {"calls": {}, "by_model": {m: {"picodollars": n} for m, n in charged.items()}}
    )
    checks = account.checks(booked, strict=strict, same=price_list().model)
    [check] = [check for check in checks if check.name == "account_models"]
    return check.culprits


def test_a_snapshot_and_its_alias_are_one_model() -> None:
    booked = totals((SNAPSHOT, 10, 0), (HAIKU, 0, 5))
    assert culprits(booked, {HAIKU: 12}, strict=True) == ()
    assert culprits(booked, {SNAPSHOT: 8, HAIKU: 4}, strict=True) == ()
    old = totals(("claude-haiku-4-5", 10, 0))
    assert culprits(old, {"claude-haiku-4-5-20251001": 10}, strict=True) == ()


def test_money_under_the_wrong_model_is_named_though_the_sum_is_right() -> None:
    booked = totals((HAIKU, 10, 0), (SONNET, 20, 0))
    assert culprits(booked, {HAIKU: 20, SONNET: 10}) == (
        f"{SONNET}: 10 pico-dollars that the API never charged",
    )
    assert culprits(booked, {HAIKU: 20, SONNET: 10}, strict=True) == (
        f"{HAIKU}: 10 pico-dollars that no record tells of",
        f"{SONNET}: 10 pico-dollars that the API never charged",
    )


def test_a_model_that_nobody_knows_is_itself() -> None:
    assert culprits(totals(("new-20270101", 3, 0)), {"new": 3}, strict=True) == ()
    assert culprits(totals(("new", 3, 0)), {"other": 3}) != ()


def test_a_bill_may_be_in_dollars_and_of_a_span_of_time() -> None:
    charged = Charged.of(
        {
            "by_model": {HAIKU: {"dollars": "1.5"}, SONNET: {"picodollars": 7}},
            "since": 5,
            "until": 9,
        }
    )
    assert charged.by_model == {HAIKU: 1_500_000_000_000, SONNET: 7}
    assert [charged.covers(at) for at in (4, 5, 8, 9)] == [False, True, True, False]
    assert Charged.of({"by_model": {}}).covers(10**15)


@pytest.mark.parametrize(
    "account",
    [
        [],
        {},
        {"by_model": 3},
        {"by_model": {"m": {}}},
        {"by_model": {"m": {"dollars": 1.5}}},
        {"by_model": {"m": {"dollars": "much"}}},
        {"by_model": {"m": {"dollars": "NaN"}}},
        {"by_model": {"m": {"dollars": "0.0000000000001"}}},
        {"by_model": {}, "since": "yesterday"},
    ],
)
def test_what_is_no_account_is_refused(account: object) -> None:
    with pytest.raises(ValueError, match=r"by_model|needs|epoch"):
        Charged.of(account)
