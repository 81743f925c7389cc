"""The tables, computed anew from calls, category topics and dead letters, and compared."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from streams.audit.books import Books, RowKey
from streams.audit.records import Called, Finished
from streams.audit.report import Check, Culprits
from streams.books.rows import ErrorDelta, SpendDelta, SpendRow, errors_of_call, spend_of_call

Delta = SpendDelta | ErrorDelta


class Recomputed:
    """Both tables as they must be, in tumbling windows of ``window_seconds``."""

    def __init__(self, window_seconds: int) -> None:
        self._size = window_seconds
        self.spend: dict[RowKey, SpendRow] = {}
        self.errors: dict[RowKey, int] = {}

    def add(self, item: Called | Finished) -> None:
        """What the transaction of ``item`` added to the tables."""
        for delta in deltas(item):
            row = self.row(delta)
            if isinstance(delta, SpendDelta):
                self.spend[row] = self.spend.get(row, SpendRow()).plus(delta.row)
            else:
                self.errors[row] = self.errors.get(row, 0) + 1

    def row(self, delta: Delta) -> RowKey:
        """The row that ``delta`` adds to, as Faust finds its window."""
        return RowKey(delta.key, delta.at - delta.at % self._size)

    def checks(self, books: Books, left_out: Collection[RowKey], since: float) -> list[Check]:
        """The verdicts on rows of windows that began at ``since`` (epoch seconds) or later."""
        spend, errors = Culprits(), Culprits()
        rows = self.spend.keys() | books.spend_rows.keys()
        judged = [row for row in rows if row.start >= since and row not in left_out]
        nothing = SpendRow()
        for row in sorted(judged):
            due, found = self.spend.get(row, nothing), books.spend_rows.get(row, nothing)
            if due != found:
                spend.add(f"{_name(row)}: {', '.join(_differences(due, found))}")
        rows = self.errors.keys() | books.error_rows.keys()
        judged_errors = [row for row in rows if row.start >= since and row not in left_out]
        for row in sorted(judged_errors):
            number, seen = self.errors.get(row, 0), books.error_rows.get(row, 0)
            if number != seen:
                errors.add(f"{_name(row)}: {seen} instead of {number}")
        return [
            spend.check(
                "spend",
                "the spend table is the sum of calls and tickets (pico-dollars)",
                sum(self.spend.get(row, nothing).picodollars for row in judged),
                sum(books.spend_rows.get(row, nothing).picodollars for row in judged),
            ),
            errors.check(
                "errors",
                "the errors table is the sum of calls and dead letters",
                sum(self.errors.get(row, 0) for row in judged_errors),
                sum(books.error_rows.get(row, 0) for row in judged_errors),
            ),
        ]


def deltas(item: Called | Finished) -> list[Delta]:
    """What the transaction of ``item`` added to the tables."""
    if isinstance(item, Finished):
        return [item.adds]
    return [*spend_of_call(item.call), *errors_of_call(item.call)]


def _differences(due: SpendRow, found: SpendRow) -> Iterator[str]:
    for name, expected, is_now in zip(SpendRow._fields, due, found, strict=True):
        if expected != is_now:
            yield f"{name} {is_now} instead of {expected}"


def _name(row: RowKey) -> str:
    return f"{row.row} of {datetime.fromtimestamp(row.start, UTC):%Y-%m-%dT%H:%M:%SZ}"
