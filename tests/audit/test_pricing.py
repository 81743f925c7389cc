from dataclasses import replace

import pytest

from streams.audit.pricing import Pricing
from streams.audit.records import Called
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
