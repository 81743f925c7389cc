"""Books fed by hand, in place of Kafka's."""

import time

from streams.books.changelog import encode_count, encode_key, encode_spend
from streams.books.rows import SpendRow
from streams.books.windows import Window
from streams.dashboard.source import BooksSource

MINUTE = 60.0


def this_minute() -> float:
    return time.time() // MINUTE * MINUTE


class HandFed(BooksSource):
    """Live from the start. Every change is announced, as a commit would be."""

    def __init__(self, window_seconds: int = 60) -> None:
        super().__init__(window_seconds)
        self.tell("live")

    def spend(self, row: str, value: SpendRow, start: float | None = None) -> None:
        """Sets a row of the spend table, in this minute's window or that of ``start``."""
        start = this_minute() if start is None else start
        self.books.apply_spend(encode_key(row, start, start + MINUTE), encode_spend(value))
        self.committed()

    def hour(self, row: str, value: SpendRow, window: Window) -> None:
        """Sets a row that has moved into a larger window."""
        self.books.apply_spend(encode_key(row, *window.span), encode_spend(value))
        self.committed()

    def errors(self, row: str, count: int, start: float | None = None) -> None:
        """Sets a row of the errors table."""
        start = this_minute() if start is None else start
        self.books.apply_error(encode_key(row, start, start + MINUTE), encode_count(count))
        self.committed()

    def committed(self) -> None:
        """Something was, a moment ago."""
        self.changed_at = self.current_at = time.time()
        self.touch()
