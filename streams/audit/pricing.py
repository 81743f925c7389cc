"""Whether calls cost what the price list says: their tokens, their model, their day."""

from dataclasses import dataclass, field

from streams.audit.records import Called
from streams.audit.report import Check, Culprits
from streams.claude.prices import NoPrice, PriceList, Usage
from streams.events.model import CallRecord

UNPRICED = "unpriced_model"
"""Outcome of a call whose model had no price: what it used is not recorded."""


@dataclass(slots=True)
class Pricing:
    """Takes the calls one by one."""

    prices: PriceList
    calls: int = 0
    wrong: Culprits = field(default_factory=Culprits)

    def add(self, item: Called) -> None:
        """One more record of the calls topic."""
        call = item.call
        self.calls += 1
        if call.outcome == UNPRICED:
            self.wrong.add(f"{item.place}: answered by a model without a price")
        elif call.cost_picodollars or call.input_tokens or call.output_tokens:
            try:
                due = costs(call, self.prices)
            except NoPrice as unpriced:
                self.wrong.add(f"{item.place}: {unpriced}")
                return
            if call.cost_picodollars not in due:
                self.wrong.add(
                    f"{item.place}: {call.cost_picodollars} instead of {due[0]} pico-dollars "
                    f"for {call.model}"
                )

    def check(self) -> Check:
        """The verdict."""
        return self.wrong.check(
            "priced",
            "each call costs what the price list says",
            self.calls,
            self.calls - self.wrong.count,
        )


def usage_of(call: CallRecord) -> Usage:
    """The tokens of a call."""
    return Usage(
        call.input_tokens,
        call.output_tokens,
        call.cache_write_5m_tokens,
        call.cache_write_1h_tokens,
        call.cache_read_tokens,
    )


def costs(call: CallRecord, prices: PriceList) -> tuple[int, int]:
    """Pico-dollars: anywhere, and in the US, where it costs a tenth more. Records do not say where.

    Raises NoPrice.
    """
    due = prices.cost(call.model, usage_of(call), call.started_at)
    return due, due * 11 // 10
