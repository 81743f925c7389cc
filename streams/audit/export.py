"""Daily spend from the call records, for spreadsheets and cost tools.

Call records are the books' vouchers: summed over everything, an export is the books, to the
pico-dollar.
"""

from collections.abc import AsyncIterator, Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from streams.audit.days import Days
from streams.audit.records import Called, UnreadableError, read_item
from streams.audit.sheet import Kind, Sheet
from streams.audit.snapshot import OnProgress, open_snapshot, place
from streams.books.money import split
from streams.books.rows import bound_shares
from streams.events.model import CLOSING, UNPRICED, CallRecord, Share
from streams.events.topics import Topics
from streams.settings import Settings

COLUMNS: dict[str, Kind] = {
    "day": "day",
    "model": "text",
    "tier": "text",
    "category": "text",
    "calls": "whole",
    "tickets_asked": "whole",
    "tickets_answered": "whole",
    "input_tokens": "whole",
    "output_tokens": "whole",
    "cache_write_5m_tokens": "whole",
    "cache_write_1h_tokens": "whole",
    "cache_read_tokens": "whole",
    "picodollars": "whole",
    "unsettled_picodollars": "whole",
    "dollars": "decimal",
    "unsettled_dollars": "decimal",
}


class DailyKey(NamedTuple):
    """What rows are told apart by."""

    day: date
    model: str
    tier: str
    category: str


class DailyRow(NamedTuple):
    """Spend of one day, model, tier and category. Money in pico-dollars (1e-12 USD)."""

    calls: int = 0
    """Calls whose usage the API told; a shared call counts under its first ticket's category."""
    tickets_asked: int = 0
    """A ticket that was asked twice counts twice."""
    tickets_answered: int = 0
    """Those of them with a sure answer, which ends a ticket: it counts once."""
    input_tokens: int = 0
    """Uncached input tokens."""
    output_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_read_tokens: int = 0
    picodollars: int = 0
    unsettled_picodollars: int = 0
    """Upper bound of the cost of calls whose usage was never seen."""


def summed(rows: Collection[DailyRow]) -> DailyRow:
    """The sum, field by field."""
    return DailyRow(*map(sum, zip(*rows, strict=True))) if rows else DailyRow()


class DailySpend:
    """Adds up call records by day, model, tier and category."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self.rows: dict[DailyKey, DailyRow] = {}

    def add(self, call: CallRecord) -> None:
        """A call counts on the day it ended; one of another day counts nowhere."""
        day = self._days.of(call.ended_at)
        if day is None:
            return
        parts: dict[str, list[DailyRow]] = {}
        for category, row in _shared_out(call):
            parts.setdefault(category, []).append(row)
        for category, rows in parts.items():
            key = DailyKey(day, call.model, call.tier, category)
            self.rows[key] = summed([self.rows.get(key, DailyRow()), *rows])

    def total(self) -> DailyRow:
        """The sum of all rows."""
        return summed(self.rows.values())

    def sheet(self) -> Sheet:
        """Sorted by day, model, tier and category."""
        return Sheet(
            COLUMNS,
            [
                (*key, *row, in_dollars(row.picodollars), in_dollars(row.unsettled_picodollars))
                for key, row in sorted(self.rows.items())
            ],
        )


def in_dollars(picodollars: int) -> Decimal:
    """Exactly, with 12 decimal places."""
    return Decimal(picodollars).scaleb(-12)


class Calls:
    """The call records of an installation, read once; what was met on the way stands in fields."""

    def __init__(self, settings: Settings, topics: Topics) -> None:
        self._bootstrap = settings.kafka
        self._topics = topics
        self.oldest: int | None = None
        """When the oldest call ended (epoch milliseconds), if older ones are gone by retention."""
        self.unreadable: list[str] = []
        """Records that are no calls of ours: where they are, and why."""

    async def read(self, on_progress: OnProgress) -> AsyncIterator[CallRecord]:
        """All that are committed.

        Raises UnreachableError, MissingTopicError, and KafkaTimeoutError when the topic cannot be
        read to its end.
        """
        async with open_snapshot(self._bootstrap, on_progress=on_progress) as snapshot:
            _, sources = await snapshot.inputs(self._topics)
            starts = await snapshot.starts([self._topics.calls])
            ends = await snapshot.ends([self._topics.calls])
            await snapshot.expect(ends)
            first = None
            async for record in snapshot.read(ends, starts=starts):
                try:
                    item = read_item(record, self._topics, sources=sources)
                except UnreadableError as error:
                    self.unreadable.append(f"{place(record)}: {error}")
                    continue
                assert isinstance(item, Called)  # noqa: S101 - the topic decides
                ended = item.call.ended_at
                first = ended if first is None else min(first, ended)
                yield item.call
            self.oldest = first if any(starts.values()) else None


def _shared_out(call: CallRecord) -> list[tuple[str, DailyRow]]:
    """A part for each ticket's category, as in the books: shares say what they have; the rest
    follows their input tokens."""
    weights = [share.input_tokens for share in call.shares]
    parts = zip(
        call.shares,
        split(call.input_tokens, weights),
        split(call.cache_write_5m_tokens, weights),
        split(call.cache_write_1h_tokens, weights),
        split(call.cache_read_tokens, weights),
        bound_shares(call),
        strict=True,
    )
    return [
        (
            share.category,
            DailyRow(
                int(call.usage_seen and at == 0),
                int(call.outcome not in CLOSING),
                int(_answered(call, share)),
                uncached,
                share.output_tokens,
                write_5m,
                write_1h,
                read,
                share.cost_picodollars,
                unsettled,
            ),
        )
        for at, (share, uncached, write_5m, write_1h, read, unsettled) in enumerate(parts)
    ]


def _answered(call: CallRecord, share: Share) -> bool:
    # Before shares had outcomes, all of theirs read as "ok": there the call's tells.
    return share.outcome == "ok" and call.outcome in ("ok", "incomplete", UNPRICED)
