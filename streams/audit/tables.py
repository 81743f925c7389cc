"""The tables, computed anew from calls, category topics and dead letters, and compared."""

from collections.abc import Collection, Iterator, Sequence

from streams.audit.books import Books, RowKey
from streams.audit.records import Called, Finished
from streams.audit.report import Check, Culprits
from streams.audit.rolled import Comparison, Difference, Group
from streams.books.dimensions import coarse, is_before
from streams.books.rows import ErrorDelta, SpendDelta, SpendRow, errors_of_call, spend_of_call
from streams.books.windows import DAY

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
        """The row that ``delta`` adds to at first, as Faust finds its window."""
        return RowKey(delta.key, delta.at - delta.at % self._size, self._size)

    def checks(self, books: Books, left_out: Collection[RowKey], since: float) -> list[Check]:
        """The verdicts on rows of windows that began at ``since`` (epoch seconds) or later."""
        spend = Comparison(self.spend, books.spend_rows, self._size, coarse, is_before)
        errors = Comparison(
            {row: (count,) for row, count in self.errors.items()},
            {row: (count,) for row, count in books.error_rows.items()},
            self._size,
        )
        # What an older version deleted after its time is in no hour and no day.
        old = [row.start for row in books.spend_rows if is_before(row.row)]
        if old and min(old) == min(row.start for row in books.spend_rows):
            since = max(since, min(old) // DAY * DAY + DAY)
        money = SpendRow._fields.index("picodollars")
        return [
            _check(
                spend,
                spend.judged(left_out, since),
                "spend",
                "the spend table is the sum of calls and tickets (pico-dollars)",
                money,
                SpendRow._fields,
            ),
            _check(
                errors,
                errors.judged(left_out, since),
                "errors",
                "the errors table is the sum of calls and dead letters",
                0,
                ("",),
            ),
        ]


def deltas(item: Called | Finished) -> list[Delta]:
    """What the transaction of ``item`` added to the tables."""
    if isinstance(item, Finished):
        return [item.adds]
    return [*spend_of_call(item.call), *errors_of_call(item.call)]


def _check(
    compared: Comparison,
    groups: Collection[Group],
    name: str,
    promise: str,
    total: int,
    fields: Sequence[str],
) -> Check:
    """The verdict on one table; ``total`` is the place of the number to sum up."""
    culprits = Culprits()
    for difference in compared.differences(groups):
        culprits.add(f"{difference.name}: {', '.join(_fields(difference, fields))}")
    sums = [
        sum(side[group][total] for group in groups if group in side)
        for side in (compared.due, compared.found)
    ]
    return culprits.check(name, promise, *sums)


def _fields(difference: Difference, names: Sequence[str]) -> Iterator[str]:
    zeros = (0,) * len(names)
    instead = "instead of at most" if difference.at_most else "instead of"
    for name, expected, is_now in zip(
        names, difference.due or zeros, difference.found or zeros, strict=True
    ):
        if expected != is_now:
            yield f"{name} {is_now} {instead} {expected}".lstrip()
