"""The bill as it was, and as it would have been: with other prices, models, or another threshold.

The call records are replayed one by one. What they cannot tell is assumed; see ``ASSUMPTIONS``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from streams.audit.pricing import usage_of
from streams.audit.records import SourceKey
from streams.books.money import split
from streams.classify.triage import LOW_CONFIDENCE
from streams.claude.prices import PriceList, Usage
from streams.claude.tiers import NO_MODEL
from streams.events.model import REPRICED, UNPRICED, CallRecord, Share

ASSUMPTIONS = (
    "Another model reads and writes as many tokens as the one that answered.",
    "The same calls are made, each as full as it was; their prices are those of their day.",
    "Inference is not in the US; the unsettled part of the bill is left out.",
    "Tickets that needed no call are not counted.",
)
THRESHOLD_ASSUMPTIONS = (
    "A ticket that the first model was sure enough about costs nothing in the second tier.",
    "A further ticket that is escalated costs the mean of those that were.",
    "The escalation cap of the settings holds for the whole range at once.",
)
NO_ESCALATION_SEEN = (
    "No ticket was escalated in this range: one that is costs the second model its first call's "
    "tokens."
)


@dataclass(frozen=True, slots=True)
class Change:
    """What is different. None leaves it as it was."""

    model: str | None = None
    escalation_model: str | None = None
    """``none`` leaves the second tier out."""
    threshold: float | None = None


class Line(NamedTuple):
    """Part of a bill. ``tickets`` are counted once for each call that held them."""

    tier: str
    model: str
    tickets: int
    picodollars: int


@dataclass(frozen=True, slots=True)
class Bill:
    """One way to pay. ``tickets`` are counted once. Money in pico-dollars."""

    tickets: int
    escalated: int
    lines: tuple[Line, ...]

    @property
    def picodollars(self) -> int:
        """The whole bill."""
        return sum(line.picodollars for line in self.lines)

    @property
    def per_thousand(self) -> int:
        """Pico-dollars for 1,000 tickets, rounded down; 0 without tickets."""
        return self.picodollars * 1_000 // self.tickets if self.tickets else 0

    def as_json(self) -> dict[str, Any]:
        """The bill as JSON has it."""
        return {
            "tickets": self.tickets,
            "escalated": self.escalated,
            "picodollars": self.picodollars,
            "picodollars_per_1000_tickets": self.per_thousand,
            "lines": [line._asdict() for line in self.lines],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both bills, and what the second one assumes."""

    was: Bill
    would_be: Bill
    change: Change
    assumptions: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The comparison as JSON has it."""
        return {
            "was": self.was.as_json(),
            "would_be": self.would_be.as_json(),
            "difference_picodollars": self.would_be.picodollars - self.was.picodollars,
            "change": asdict(self.change),
            "assumptions": list(self.assumptions),
        }


class Replay:
    """Takes the call records in the order of their topic, those before the range too.

    ``second_model`` is asked where the change names none and none was asked; ``cap`` is the largest
    share of tickets that are escalated. The range is epoch milliseconds by the calls' ends.
    """

    def __init__(
        self,
        change: Change,
        prices: PriceList,
        *,
        second_model: str,
        cap: float,
        since: float = 0,
        until: float = float("inf"),
    ) -> None:
        self._change = change
        self._prices = prices
        self._second_model = change.escalation_model or second_model
        self._cap = cap
        self._since, self._until = since, until
        self._was = _Lines()
        self._would_be = _Lines()
        self._tickets: defaultdict[int, set[int]] = defaultdict(set)
        self._sure_now: set[SourceKey] = set()
        self._escalated: set[SourceKey] = set()
        self._escalated_cost = 0
        self._more = 0
        self._more_cost = 0

    def add(self, call: CallRecord) -> None:
        """One more record. Raises NoPrice."""
        here = self._since <= call.ended_at < self._until
        if call.outcome == REPRICED and here:
            self._was.add(call.tier, call.model, 0, call.cost_picodollars)
        if not call.usage_seen:
            return
        for share in call.shares if call.tier == "first" else ():
            self._first_answer(call, share, here=here)
        if not here:
            return
        model = self._model_of(call)
        self._was.add(call.tier, call.model, len(call.shares), call.cost_picodollars)
        self._tickets[call.number].update(s.source_offset for s in call.shares)
        costs = self._costs(call, model) if model != NO_MODEL else [0] * len(call.shares)
        if call.tier == "escalation":
            self._second_call(call, model, costs)
        else:
            self._would_be.add(call.tier, model, len(call.shares), sum(costs))

    def comparison(self) -> Comparison:
        """What came of it."""
        tickets = sum(map(len, self._tickets.values()))
        spared = len(self._escalated & self._sure_now)
        staying = 0 if self._change.escalation_model == NO_MODEL else len(self._escalated) - spared
        more = min(self._more, max(0, int(self._cap * tickets) - staying))
        if more and self._escalated:
            cost = self._escalated_cost * more // len(self._escalated)
        else:
            cost = self._more_cost * more // self._more if more else 0
        if more:
            self._would_be.add("escalation", self._second_model, more, cost)
        return Comparison(
            Bill(tickets, len(self._escalated), self._was.lines()),
            Bill(tickets, staying + more, self._would_be.lines()),
            self._change,
            tuple(self._assumptions()),
        )

    def _first_answer(self, call: CallRecord, share: Share, *, here: bool) -> None:
        """Whether it would have been sure enough."""
        threshold = self._change.threshold
        if threshold is None or call.outcome not in ("ok", "incomplete", UNPRICED):
            return
        if share.outcome == LOW_CONFIDENCE and share.confidence >= threshold:
            self._sure_now.add(SourceKey(call.number, share.source_offset))
        elif share.outcome == "ok" and share.confidence < threshold and here:
            if self._second_model == NO_MODEL:
                return
            usage = Usage(share.input_tokens, share.output_tokens)
            self._more += 1
            self._more_cost += self._prices.cost(self._second_model, usage, call.started_at)

    def _second_call(self, call: CallRecord, model: str, costs: Iterable[int]) -> None:
        for share, cost in zip(call.shares, costs, strict=True):
            source = SourceKey(call.number, share.source_offset)
            self._escalated.add(source)
            self._escalated_cost += cost
            if source not in self._sure_now and model != NO_MODEL:
                self._would_be.add(call.tier, model, 1, cost)

    def _model_of(self, call: CallRecord) -> str:
        change = self._change
        asked = change.escalation_model if call.tier == "escalation" else change.model
        return asked or call.model

    def _costs(self, call: CallRecord, model: str) -> list[int]:
        """What each ticket of the call would have cost."""
        usage, day = usage_of(call), call.started_at
        band = self._prices.price(model, day).band(usage.prompt_tokens)
        worth = [s.input_tokens * band.input + s.output_tokens * band.output for s in call.shares]
        return split(self._prices.cost(model, usage, day), worth)

    def _assumptions(self) -> Iterable[str]:
        yield from ASSUMPTIONS
        if self._change.threshold is not None:
            yield from THRESHOLD_ASSUMPTIONS
            if self._more and not self._escalated:
                yield NO_ESCALATION_SEEN


class _Lines:
    """Sums by tier and model."""

    def __init__(self) -> None:
        self._tickets: Counter[tuple[str, str]] = Counter()
        self._money: Counter[tuple[str, str]] = Counter()

    def add(self, tier: str, model: str, tickets: int, picodollars: int) -> None:
        self._tickets[tier, model] += tickets
        self._money[tier, model] += picodollars

    def lines(self) -> tuple[Line, ...]:
        """The first tier first."""
        keys = sorted(self._tickets, key=lambda key: (key[0] != "first", key))
        return tuple(Line(*key, self._tickets[key], self._money[key]) for key in keys)
