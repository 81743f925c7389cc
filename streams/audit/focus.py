"""Daily spend in the columns of FOCUS 1.2, the FinOps Open Cost and Usage Specification.

A row is a day, a model, a kind of token and its unit price. Every mandatory column is there, and
those others that we can fill; ``BilledCost`` sums to the books, to the pico-dollar. What is
unsettled is not billed as far as anybody knows, and stands in no row.

Source of the columns: focus.finops.org, version 1.2.
"""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from streams.audit.days import Days
from streams.audit.export import in_dollars
from streams.audit.pricing import usage_of
from streams.audit.sheet import Kind, Sheet, Value
from streams.books.money import split
from streams.claude.prices import NoPrice, PriceList, Usage, cost
from streams.events.model import CallRecord

COLUMNS: dict[str, Kind] = {
    "BilledCost": "decimal",
    "BillingAccountId": "text",
    "BillingAccountName": "text",
    "BillingCurrency": "text",
    "BillingPeriodEnd": "time",
    "BillingPeriodStart": "time",
    "ChargeCategory": "text",
    "ChargeClass": "text",
    "ChargeDescription": "text",
    "ChargeFrequency": "text",
    "ChargePeriodEnd": "time",
    "ChargePeriodStart": "time",
    "ConsumedQuantity": "decimal",
    "ConsumedUnit": "text",
    "ContractedCost": "decimal",
    "ContractedUnitPrice": "decimal",
    "EffectiveCost": "decimal",
    "InvoiceIssuerName": "text",
    "ListCost": "decimal",
    "ListUnitPrice": "decimal",
    "PricingCategory": "text",
    "PricingQuantity": "decimal",
    "PricingUnit": "text",
    "ProviderName": "text",
    "PublisherName": "text",
    "ResourceId": "text",
    "ResourceName": "text",
    "ResourceType": "text",
    "ServiceCategory": "text",
    "ServiceName": "text",
    "ServiceSubcategory": "text",
    "SkuId": "text",
    "SkuMeter": "text",
    "SkuPriceId": "text",
    "Tags": "text",
}

ALWAYS: dict[str, Value] = {
    "BillingCurrency": "USD",
    "ChargeCategory": "Usage",
    "ChargeFrequency": "Usage-Based",
    "ConsumedUnit": "Tokens",
    "InvoiceIssuerName": "Anthropic",
    "PricingCategory": "Standard",
    "PricingUnit": "Tokens",
    "ProviderName": "Anthropic",
    "PublisherName": "Anthropic",
    "ResourceType": "Kafka consumer group",
    "ServiceCategory": "AI and Machine Learning",
    "ServiceName": "Claude API",
    "ServiceSubcategory": "Generative AI",
}

METERS = {
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
    "cache_write_5m": "cache write tokens (5 minutes)",
    "cache_write_1h": "cache write tokens (1 hour)",
    "cache_read": "cache read tokens",
}
"""Kinds of tokens, by the name in a usage."""


class Charge(NamedTuple):
    """What rows are told apart by; ``rate`` in pico-dollars a token, None if the list has none that
    explains the books."""

    day: date
    model: str
    kind: str
    rate: int | None


class FocusSpend:
    """Adds up call records by charge. ``prices`` tell what each kind of token cost."""

    def __init__(self, days: Days, prices: PriceList) -> None:
        self._days = days
        self._prices = prices
        self.charges: dict[Charge, tuple[int, int]] = {}
        """Tokens and pico-dollars."""

    def add(self, call: CallRecord) -> None:
        """A call counts on the day it ended; one of another day counts nowhere."""
        day = self._days.of(call.ended_at)
        if day is None:
            return
        for kind, rate, tokens, picodollars in _parts(call, self._prices):
            charge = Charge(day, call.model, kind, rate)
            before = self.charges.get(charge, (0, 0))
            self.charges[charge] = before[0] + tokens, before[1] + picodollars

    def sheet(self, app_id: str, billing_account: str) -> Sheet:
        """Sorted by day, model, kind and price. ``app_id`` is the resource that is charged."""
        charges = sorted(self.charges.items(), key=lambda item: (*item[0][:3], item[0].rate or 0))
        rows = []
        for charge, (tokens, picodollars) in charges:
            found = {
                **ALWAYS,
                "BillingAccountId": billing_account,
                "ResourceId": app_id,
                "ResourceName": app_id,
                "Tags": json.dumps({"app_id": app_id}),
                **self._periods(charge.day),
                **_what(charge),
                **_amounts(charge, tokens, picodollars),
            }
            rows.append([found.get(column) for column in COLUMNS])
        return Sheet(COLUMNS, rows)

    def _periods(self, day: date) -> dict[str, Value]:
        month_start, month_end = self._days.month(day)
        return {
            "BillingPeriodStart": month_start,
            "BillingPeriodEnd": month_end,
            "ChargePeriodStart": self._days.start(day),
            "ChargePeriodEnd": self._days.end(day),
        }


def _what(charge: Charge) -> dict[str, Value]:
    sku = f"{charge.model}/{charge.kind}"
    return {
        "ChargeDescription": f"{charge.model}: {METERS[charge.kind]}",
        "SkuId": sku,
        "SkuMeter": METERS[charge.kind],
        "SkuPriceId": None if charge.rate is None else f"{sku}/{charge.rate}",
    }


def _amounts(charge: Charge, tokens: int, picodollars: int) -> dict[str, Value]:
    # No discounts are known to us: what a call cost by the price list is what it cost.
    costs = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
    price = None if charge.rate is None else in_dollars(charge.rate)
    quantity = Decimal(f"{tokens}.0")  # readers that guess types take it for the decimal it is
    return {
        **dict.fromkeys(costs, in_dollars(picodollars)),
        "ContractedUnitPrice": price,
        "ListUnitPrice": price,
        "ConsumedQuantity": quantity,
        "PricingQuantity": quantity,
    }


def _parts(call: CallRecord, prices: PriceList) -> Iterator[tuple[str, int | None, int, int]]:
    """Kind, pico-dollars a token, tokens and pico-dollars; these sum to what the call cost."""
    usage = usage_of(call)
    rates = _rates(call, usage, prices)
    used = {kind: n for kind in METERS if (n := getattr(usage, kind))}
    if rates is not None:
        yield from ((kind, rates[kind], n, n * rates[kind]) for kind, n in used.items())
    elif used or call.cost_picodollars:
        # Another list priced it: the books have the sum, not its parts.
        used = used or {"input_tokens": 0}
        parts = split(call.cost_picodollars, list(used.values()))
        yield from (
            (kind, None, n, part) for (kind, n), part in zip(used.items(), parts, strict=True)
        )


def _rates(call: CallRecord, usage: Usage, prices: PriceList) -> dict[str, int] | None:
    """Pico-dollars a token that make up what the books say; None if no price of the list does."""
    try:
        price = prices.price(call.model, call.started_at)
    except NoPrice:
        return None
    band = price.band(usage.prompt_tokens)
    rates: dict[str, int] = {kind: getattr(band, kind.removesuffix("_tokens")) for kind in METERS}
    listed = cost(usage, price)
    if call.cost_picodollars == listed:
        return rates
    if call.cost_picodollars * 10 == listed * 11:  # inference in the US
        return {kind: rate * 11 // 10 for kind, rate in rates.items()}
    return None
