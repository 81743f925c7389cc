"""Whether calls cost what the price list says: their tokens, their model, their day."""

from dataclasses import dataclass, field

from streams.audit.records import Called
from streams.audit.report import Check, Culprits
from streams.books.closing import closes, unpriced
from streams.claude.prices import NoPrice, PriceList, Usage
from streams.events.model import REPRICED, UNPRICED, CallRecord

REPRICE = "it has a price now: ticket-streams reconcile --reprice"


@dataclass(slots=True)
class Pricing:
    """Takes the calls one by one."""

    prices: PriceList
    calls: int = 0
    wrong: Culprits = field(default_factory=Culprits)
    _unpriced: dict[str, Called] = field(default_factory=dict)
    _closed: dict[str, Called] = field(default_factory=dict)

    def add(self, item: Called) -> None:
        """One more record of the calls topic."""
        call = item.call
        self.calls += 1
        if (closed := closes(call)) is not None:
            self._closed[closed] = item
        elif call.outcome == UNPRICED:
            self._unpriced[call.call_id] = item
        elif call.cost_picodollars or call.input_tokens or call.output_tokens:
            self._judge(item, call, call.cost_picodollars)

    def check(self) -> Check:
        """The verdict."""
        before, self.wrong = self.wrong, self.wrong.copy()
        for call_id, item in self._unpriced.items():
            end = self._closed.get(call_id)
            if end is not None and end.call.outcome == REPRICED:
                self._judge(end, item.call, end.call.cost_picodollars)
            elif end is None:
                self.wrong.add(f"{item.place}: {self._what_is_missing(item.call)}")
        wrong, self.wrong = self.wrong, before
        return wrong.check(
            "priced",
            "each call costs what the price list says",
            self.calls,
            self.calls - wrong.count,
        )

    def _judge(self, item: Called, call: CallRecord, picodollars: int) -> None:
        """Whether ``item`` books what ``call`` costs."""
        try:
            due = costs(call, self.prices)
        except NoPrice as missing:
            self.wrong.add(f"{item.place}: {missing}")
            return
        if picodollars not in due:
            self.wrong.add(
                f"{item.place}: {picodollars} instead of {due[0]} pico-dollars for {call.model}"
            )

    def _what_is_missing(self, call: CallRecord) -> str:
        if not unpriced(call):  # as older versions booked it, without its tokens
            return "answered by a model without a price"
        if self.prices.known(call.model):
            return REPRICE
        return f"answered by {call.model}, which has no price: give it one (prices_file)"


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
