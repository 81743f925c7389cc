"""Rows of the windowed tables, and what one call, ticket or error adds to them.

A row's key is text: for spend see streams/books/dimensions.py, for errors it is
``partition|stage|error type``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from operator import add
from typing import Literal, NamedTuple

from streams.books.dimensions import Dimensions
from streams.books.money import split
from streams.events.model import CLOSING, UNPRICED, CallRecord, Classification

NO_MODEL = "none"
"""Stands for the model of a ticket that needed no call."""

NO_ERROR = ("ok", "low_confidence")
"""Outcomes of a ticket that got an answer."""

Stage = Literal["decode", "api", "answer", "classify"]
"""Where an error happened: reading the event, the API's reply, its content, or the whole ticket."""


class SpendRow(NamedTuple):
    """Spend in one window, of one model, category, and so on. Money in pico-dollars (1e-12 USD)."""

    calls: int = 0
    """Calls whose usage the API told; a shared call counts in the row of its first ticket."""
    tickets: int = 0
    """Tickets released to a category topic."""
    input_tokens: int = 0
    """Uncached input tokens."""
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    picodollars: int = 0
    unsettled_picodollars: int = 0
    """Upper bound of the cost of calls whose usage was never seen."""

    def plus(self, other: Sequence[int]) -> "SpendRow":
        """The sum, field by field. Raises ValueError for a row of another length."""
        if len(other) != len(self):
            raise ValueError("a row of another length")
        return SpendRow._make(map(add, self, other))


class SpendDelta(NamedTuple):
    """Adds ``row`` to the row of ``key`` in the window that holds ``at`` (epoch seconds)."""

    key: str
    at: float
    row: SpendRow


class ErrorDelta(NamedTuple):
    """Adds one to the row of ``key`` in the window that holds ``at`` (epoch seconds)."""

    key: str
    at: float


def spend_of_call(call: CallRecord) -> list[SpendDelta]:
    """A call's tokens and money, shared out over the rows of its tickets.

    What a share tells is taken from it; the rest is split by the shares' input tokens.
    """
    at = call.ended_at / 1000
    weights = [share.input_tokens for share in call.shares]
    uncached = split(call.input_tokens, weights)
    written = split(call.cache_write_5m_tokens + call.cache_write_1h_tokens, weights)
    read = split(call.cache_read_tokens, weights)
    unsettled = bound_shares(call)
    counted = int(call.usage_seen)
    rows: defaultdict[str, list[SpendRow]] = defaultdict(list)
    for i, share in enumerate(call.shares):
        row = SpendRow(
            calls=counted if i == 0 else 0,
            input_tokens=uncached[i],
            output_tokens=share.output_tokens,
            cache_write_tokens=written[i],
            cache_read_tokens=read[i],
            picodollars=share.cost_picodollars,
            unsettled_picodollars=unsettled[i],
        )
        key = Dimensions(
            call.model,
            share.category,
            call.tier,
            share.outcome,
            call.prompt_version,
            share.books_value,
        ).key(call.source_partition)
        rows[key].append(row)
    sums = {key: _sum(alike) for key, alike in rows.items()}
    return [SpendDelta(key, at, row) for key, row in sums.items() if any(row)]


def _sum(rows: Iterable[SpendRow]) -> SpendRow:
    return SpendRow._make(map(sum, zip(*rows, strict=True)))


def bound_shares(call: CallRecord) -> list[int]:
    """What is unsettled of a call, in equal parts for its tickets; so it is taken back, too."""
    sign = -1 if call.unsettled_picodollars < 0 else 1
    return [sign * part for part in split(abs(call.unsettled_picodollars), [1] * len(call.shares))]


def spend_of_ticket(partition: int, result: Classification) -> SpendDelta:
    """A ticket released to its category topic."""
    at = result.classified_at / 1000
    return SpendDelta(_dimensions(result).key(partition), at, SpendRow(tickets=1))


def spend_of_tickets(partition: int, results: Iterable[Classification]) -> list[SpendDelta]:
    """The same of many: one row for all that are alike."""
    alike = Counter((_dimensions(result), result.classified_at) for result in results)
    return [
        SpendDelta(dimensions.key(partition), at / 1000, SpendRow(tickets=n))
        for (dimensions, at), n in alike.items()
    ]


def _dimensions(result: Classification) -> Dimensions:
    return Dimensions(
        result.model or NO_MODEL,
        result.category,
        result.tier,
        result.reason or "ok",
        result.prompt_version,
        result.books_value,
    )


def errors_of_call(call: CallRecord) -> list[ErrorDelta]:
    """One error for a call that the API failed, else one for each ticket without a usable answer.

    An answer of low confidence is no error.
    """
    partition, at = call.source_partition, call.ended_at
    if call.outcome == "ok" or call.outcome in CLOSING:
        return []
    if call.outcome == UNPRICED or not call.usage_seen:
        return [error(partition, "api", call.outcome, at)]
    outcomes = [share.outcome for share in call.shares]
    if set(outcomes) == {"ok"}:
        outcomes = [call.outcome]  # written before shares had outcomes: it had one ticket
    return [error(partition, "answer", one, at) for one in outcomes if one not in NO_ERROR]


def error(partition: int, stage: Stage, error_type: str, at_ms: int) -> ErrorDelta:
    """One error of ``error_type`` at epoch milliseconds ``at_ms``."""
    return ErrorDelta(f"{partition}|{stage}|{error_type}", at_ms / 1000)
