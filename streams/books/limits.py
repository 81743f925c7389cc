"""Budgets as people set them: how much, in which period, of which spending, and what follows."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import ConfigDict, Field

from streams.books.dimensions import escaped
from streams.books.money import PICODOLLARS_PER_DOLLAR

Period = Literal["hour", "day", "month"]

Action = Literal["wait", "no_escalation", "unknown", "warn"]
"""At the limit: tickets wait for the next period; the second model is not asked; tickets become
unknown without a call; or nothing but a line in the log."""

# Exact to the pico-dollar.
Dollars = Annotated[Decimal, Field(gt=0, max_digits=24, decimal_places=12)]
Warn = Annotated[Decimal, Field(gt=0, le=1)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Scope(NamedTuple):
    """Spending that counts; None: any."""

    category: str | None = None
    value: str | None = None
    """Of the ticket's field that the books tell apart."""

    def holds(self, category: str, value: str) -> bool:
        """Whether spending on ``category`` and ``value``, as a row's key has them, counts."""
        return self.category in (None, category) and self.value in (None, value)


WHOLE = Scope()


@dataclass(frozen=True, slots=True)
class Limit:
    """A budget of all workers together. Which actions there are depends on its scope; see
    :func:`checked`."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    period: Period
    dollars: Dollars
    category: Name | None = None
    value: Name | None = None
    warn: Warn = Decimal("0.8")
    """Share at which a line is logged."""
    action: Action | None = None
    """None for ``wait``; or ``no_escalation`` where a category or a value is named."""
    name: Name | None = None
    """In the log."""

    @property
    def scope(self) -> Scope:
        """What counts, as the keys of rows have it."""
        return Scope(self.category, None if self.value is None else escaped(self.value))

    @property
    def acts(self) -> Action:
        """What follows when it is used up."""
        return self.action or ("wait" if self.scope == WHOLE else "no_escalation")

    @property
    def picodollars(self) -> int:
        """The amount."""
        return int(self.dollars * PICODOLLARS_PER_DOLLAR)

    def __str__(self) -> str:
        whose = [f"{self.category} tickets"] if self.category else []
        whose += [f"{self.value!r}"] if self.value else []
        name = self.name or f"budget per {self.period}"
        return f"{name} of ${self.dollars.normalize():f}" + "".join(f" for {who}" for who in whose)


def begin_of(period: Period, at: float) -> float:
    """When the period that holds ``at`` began (epoch seconds, UTC)."""
    moment = datetime.fromtimestamp(at, UTC).replace(minute=0, second=0, microsecond=0)
    if period != "hour":
        moment = moment.replace(hour=0)
    if period == "month":
        moment = moment.replace(day=1)
    return moment.timestamp()


def end_of(period: Period, at: float) -> float:
    """When the period that holds ``at`` ends, and the next one begins (epoch seconds, UTC)."""
    begin = datetime.fromtimestamp(begin_of(period, at), UTC)
    longest = {"hour": timedelta(hours=1), "day": timedelta(days=1), "month": timedelta(days=31)}
    return begin_of(period, (begin + longest[period]).timestamp())


def entries(given: object) -> object:
    """A setting as people write it: a list, or JSON. Raises ValueError for what is no list."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise ValueError(f"is no JSON: {error}") from None
    if not isinstance(given, list | tuple):
        raise ValueError("must be a list")  # noqa: TRY004 - what pydantic takes as a wrong value
    return given


def checked(limits: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """The same, if each can be kept and none is there twice. Raises ValueError.

    A category is known only when the first model has answered, so that its budget can bound the
    second one's calls only. Tickets of one value cannot wait: behind them everybody would.
    """
    seen: set[tuple[Period, Scope]] = set()
    for number, limit in enumerate(limits, 1):
        allowed: tuple[Action, ...] = ("wait", "no_escalation", "unknown", "warn")
        if limit.category is not None:
            allowed = ("no_escalation", "warn")
        elif limit.value is not None:
            allowed = ("unknown", "no_escalation", "warn")
        if limit.acts not in allowed:
            whose = "category" if limit.category is not None else "value"
            choice = " or ".join(f'"{action}"' for action in allowed)
            raise ValueError(
                f'entry {number}: action "{limit.acts}" is not for a {whose}: {choice}'
            )
        if (limit.period, limit.scope) in seen:
            raise ValueError(f"entry {number}: there is one for this {limit.period} already")
        seen.add((limit.period, limit.scope))
    return limits
