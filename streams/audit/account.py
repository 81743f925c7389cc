"""Compares the books with the API's own count.

The books may know less than the API: calls in flight when a worker died were charged and never
recorded (``unaccounted``). They must never know more.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from streams.audit.report import Check, Culprits
from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.events.model import CLOSING, CallRecord


@dataclass(slots=True)
class Totals:
    """All call records. Money in pico-dollars."""

    records: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    """Calls that had a response, by HTTP status."""
    unanswered: int = 0
    settled: int = 0
    unsettled: int = 0
    by_model: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Settled and unsettled money."""

    def add(self, call: CallRecord) -> None:
        """One more record."""
        self.records += 1
        self.settled += call.cost_picodollars
        self.unsettled += call.unsettled_picodollars
        before = self.by_model.get(call.model, (0, 0))
        self.by_model[call.model] = (
            before[0] + call.cost_picodollars,
            before[1] + call.unsettled_picodollars,
        )
        if call.outcome in CLOSING:
            return  # no call
        if call.status is None:
            self.unanswered += 1
        else:
            self.by_status[str(call.status)] += 1


@dataclass(frozen=True, slots=True)
class Account:
    """What the API counted. Money in pico-dollars."""

    by_status: Mapping[str, int]
    by_model: Mapping[str, int]
    """Money, by the model's name."""

    @property
    def picodollars(self) -> int:
        """All of it."""
        return sum(self.by_model.values())

    @classmethod
    def of(cls, account: Mapping[str, Any]) -> "Account":
        """From ``GET /_standin/account``. Raises KeyError for something else."""
        calls = {str(status): int(n) for status, n in account["calls"].items()}
        models = account["by_model"].items()
        return cls(calls, {model: int(counted["picodollars"]) for model, counted in models})

    def unaccounted(self, totals: Totals) -> dict[str, int]:
        """What the API counted beyond everything that the books know or reckon with."""
        return {
            "calls": max(0, self._missing(totals) - totals.unanswered),
            "picodollars": max(0, self.picodollars - totals.settled - totals.unsettled),
        }

    def checks(
        self, totals: Totals, *, strict: bool, same: Callable[[str], str] = str
    ) -> list[Check]:
        """The verdicts; unaccounted calls and money fail only if ``strict``. ``same`` gives models
        that go by several names one name."""
        calls, money = Culprits(), Culprits()
        models = self._models(totals, same, strict=strict)
        for status, recorded in sorted(totals.by_status.items()):
            counted = self.by_status.get(status, 0)
            if recorded > counted:
                calls.add(f"status {status}: {recorded} calls recorded, the API counted {counted}")
        if totals.settled > self.picodollars:
            money.add(
                f"{totals.settled - self.picodollars} pico-dollars that the API never charged"
            )
        missing = self.unaccounted(totals)
        if strict and missing["calls"]:
            calls.add(f"{missing['calls']} calls that no record tells of")
        if strict and missing["picodollars"]:
            money.add(f"{missing['picodollars']} pico-dollars that no record tells of")
        return [
            calls.check(
                "account_calls",
                "the API counted every recorded call",
                sum(self.by_status.values()),
                totals.records,
            ),
            money.check(
                "account_money",
                "the API charged what the books say, at most the unsettled more (pico-dollars)",
                self.picodollars,
                totals.settled,
            ),
            models,
        ]

    def _models(self, totals: Totals, same: Callable[[str], str], *, strict: bool) -> Check:
        """Whether the money is right for every model by itself."""
        charged = _summed(((model, (money,)) for model, money in self.by_model.items()), same)
        booked = _summed(totals.by_model.items(), same)
        wrong = Culprits()
        for model in sorted(charged.keys() | booked.keys()):
            (due,) = charged.get(model, (0,))
            settled, unsettled = booked.get(model, (0, 0))
            if settled > due:
                wrong.add(f"{model}: {settled - due} pico-dollars that the API never charged")
            elif strict and due > settled + unsettled:
                missing = due - settled - unsettled
                wrong.add(f"{model}: {missing} pico-dollars that no record tells of")
        everything = len(charged.keys() | booked.keys())
        return wrong.check(
            "account_models",
            "and for each model by itself",
            everything,
            everything - wrong.count,
        )

    def _missing(self, totals: Totals) -> int:
        return sum(max(0, n - totals.by_status[status]) for status, n in self.by_status.items())


def _summed(
    items: Iterable[tuple[str, tuple[int, ...]]], same: Callable[[str], str]
) -> dict[str, tuple[int, ...]]:
    """Amounts by model, those of one model added up."""
    out: dict[str, tuple[int, ...]] = {}
    for name, amounts in items:
        before = out.get(same(name), (0,) * len(amounts))
        out[same(name)] = tuple(a + b for a, b in zip(before, amounts, strict=True))
    return out


@dataclass(frozen=True, slots=True)
class Charged:
    """What the API charged in a span of time, by model. Money in pico-dollars, times in epoch
    milliseconds."""

    by_model: Mapping[str, int]
    since: int = 0
    until: int | None = None

    def covers(self, at: int) -> bool:
        """Whether a call that was begun then is in it."""
        return self.since <= at and (self.until is None or at < self.until)

    @classmethod
    def of(cls, account: object) -> "Charged":
        """From ``GET /_standin/account``, or a file in its form: ``by_model`` with ``picodollars``
        or ``dollars`` for each, and perhaps ``since`` and ``until``. Raises ValueError."""
        if not isinstance(account, Mapping) or not isinstance(account.get("by_model"), Mapping):
            raise ValueError("has no by_model")  # noqa: TRY004 - what is wrong is what it says
        since, until = account.get("since", 0), account.get("until")
        if type(since) is not int or not isinstance(until, int | None):
            raise ValueError("since and until are epoch milliseconds")
        models = account["by_model"].items()
        return cls({str(name): _money(name, said) for name, said in models}, since, until)


def _money(model: object, said: object) -> int:
    match said:
        case {"picodollars": int(picodollars)}:
            return picodollars
        case {"dollars": str() | int() as given}:
            with suppress(InvalidOperation):
                money = Decimal(given) * PICODOLLARS_PER_DOLLAR
                if money.is_finite() and money == int(money):
                    return int(money)
    raise ValueError(f'{model}: needs "picodollars": 1234, or "dollars": "12.34"')
