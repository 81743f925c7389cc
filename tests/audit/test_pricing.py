from dataclasses import replace

import pytest

from streams.audit.pricing import Pricing
from streams.audit.records import Called
from streams.books.closing import repriced, settled, written_off
from streams.claude.prices import price_list
from streams.events.model import CallRecord, Share
from tests.audit.scene import call_of, paid, settings_of, topics_for


def call(outcome: str = "ok") -> CallRecord:
    shares = paid([Share(0, "billing", 101, 20, 0)])
    return call_of(topics_for(settings_of("test")), 0, shares, "call", outcome)


def culprits(record: CallRecord) -> tuple[str, ...]:
    pricing = Pricing(price_list())
    pricing.add(Called("calls[0]@7", record))
    return pricing.check().culprits


def test_the_price_by_hand_is_the_price_that_is_due() -> None:
    # 71 tokens in, 10 written to the cache, 20 read, 20 out, on Haiku 5.5.
    due = 71 * 100_000 + 10 * 125_000 + 20 * 10_000 + 20 * 500_000
    assert call().cost_picodollars == due
    assert culprits(call()) == ()
    assert culprits(replace(call(), cost_picodollars=due - 1)) == (
        f"calls[0]@7: {due - 1} instead of {due} pico-dollars for claude-haiku-5-5",
    )


def test_inference_in_the_us_costs_a_tenth_more() -> None:
    assert culprits(replace(call(), cost_picodollars=call().cost_picodollars * 11 // 10)) == ()


def test_a_call_that_used_nothing_needs_no_price() -> None:
    failed = replace(
        call(), model="claude-mystery", input_tokens=0, output_tokens=0, cost_picodollars=0
    )
    assert culprits(failed) == ()


@pytest.mark.parametrize("model", ["claude-mystery", ""])
def test_a_model_without_a_price_is_named(model: str) -> None:
    [culprit] = culprits(replace(call(), model=model))
    assert culprit == f"calls[0]@7: no price is known for model {model!r}"


def test_a_call_that_was_recorded_as_unpriced_is_named() -> None:
    free = replace(call("unpriced_model"), input_tokens=0, output_tokens=0, cost_picodollars=0)
    assert culprits(free) == ("calls[0]@7: answered by a model without a price",)


def unheard(model: str) -> CallRecord:
    """A call of ``call``'s tokens that was booked without a price."""
    return replace(
        call(), model=model, outcome="unpriced_model", cost_picodollars=0,
        unsettled_picodollars=10**9,
    )  # fmt: skip


def culprits_of(*records: CallRecord) -> tuple[str, ...]:
    pricing = Pricing(price_list())
    for offset, record in enumerate(records):
        pricing.add(Called(f"calls[0]@{offset}", record))
    assert pricing.check() == pricing.check()
    return pricing.check().culprits


def test_an_unpriced_call_fails_until_there_is_a_price_and_then_until_it_is_booked() -> None:
    due = call().cost_picodollars
    [missing] = culprits_of(unheard("claude-mystery"))
    assert missing == (
        "calls[0]@0: answered by claude-mystery, which has no price: give it one (prices_file)"
    )
    known = unheard(call().model)
    [waits] = culprits_of(known)
    assert "ticket-streams reconcile --reprice" in waits
    assert culprits_of(known, repriced(known, due)) == ()
    assert culprits_of(known, written_off(known)) == ()


def test_a_price_that_came_later_is_checked_like_any_other() -> None:
    known, due = unheard(call().model), call().cost_picodollars
    [wrong] = culprits_of(known, repriced(known, due + 1))
    assert wrong.startswith(f"calls[0]@1: {due + 1} instead of {due}")


def test_what_the_account_says_of_a_call_needs_no_price() -> None:
    lost = replace(call("timeout"), input_tokens=0, output_tokens=0, cost_picodollars=0)
    assert culprits_of(lost, settled(lost, 123)) == ()
