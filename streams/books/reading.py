"""Sums over a table's rows, whatever windows they stand in by now: for Faust users, as
``app.spend.sums``. Pure; times are epoch seconds, hours and days UTC."""

import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from streams.books.windows import DAY, HOUR, Span, Window

Row = TypeVar("Row")

Only = Callable[[str], bool]
"""Whether the row of a key counts; streams.books.dimensions.read_key reads one of spend."""


def every(_: str) -> bool:
    """All rows count."""
    return True


class Reading(Generic[Row]):
    """Reads ``rows`` as they are at each call: those of the partitions that this worker owns."""

    def __init__(
        self,
        rows: Mapping[tuple[str, Span], Row],
        nothing: Row,
        plus: Callable[[Row, Row], Row],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._rows = rows
        self._nothing = nothing
        self._plus = plus
        self._clock = clock

    def hour(self, at: float | None = None, only: Only = every) -> Row:
        """Of the hour that holds ``at``: its row, and the windows in it that have not moved yet.
        Once it has moved into its day it is empty."""
        return self._within(HOUR, at, only)

    def day(self, at: float | None = None, only: Only = every) -> Row:
        """Of the day that holds ``at``."""
        return self._within(DAY, at, only)

    def last(self, seconds: float, only: Only = every) -> Row:
        """Of the windows of which any part is in the last ``seconds``."""
        since = self._clock() - seconds
        return self._sum(lambda window: window.end > since, only)

    def total(self, only: Only = every) -> Row:
        """Of all rows that are kept."""
        return self._sum(lambda _: True, only)

    def _within(self, size: int, at: float | None, only: Only) -> Row:
        whole = Window(self._clock() if at is None else at, 0).inside(size)
        return self._sum(
            lambda window: window.size <= size and whole.start <= window.start < whole.end, only
        )

    def _sum(self, counts: Callable[[Window], bool], only: Only) -> Row:
        total = self._nothing
        for (key, span), row in self._rows.items():
            if counts(Window.of(span)) and only(key):
                total = self._plus(total, row)
        return total
