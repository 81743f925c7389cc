"""Sizes of the books' windows, and when a row moves on into the next one. Pure; seconds, UTC.

A row stands in a window of ``window_seconds``, later in its hour, then in its day: it is moved, not
copied, so at every moment each dollar stands in exactly one row, and who sums all rows has the
total. A row belongs to the hour and the day in which its window begins.
"""

from typing import NamedTuple

HOUR = 3_600
DAY = 86_400

SHORT_BY = 0.1
"""Seconds: Faust tells a window by its first and last instant, as [0.0, 59.9]."""

Span = tuple[float, float]
"""First and last instant of a window, as in the key of its row (epoch seconds)."""


class Window(NamedTuple):
    """``size`` seconds from ``start`` (epoch seconds)."""

    start: float
    size: int

    @classmethod
    def of(cls, span: Span) -> "Window":
        """From the key of a row."""
        return cls(span[0], round(span[1] - span[0]))

    @property
    def end(self) -> float:
        """Where the next one of this size begins."""
        return self.start + self.size

    @property
    def span(self) -> Span:
        """For the key of a row."""
        return float(self.start), float(self.end) - SHORT_BY

    def inside(self, size: int) -> "Window":
        """The window of ``size`` seconds in which this one begins."""
        return Window(self.start - self.start % size, size)

    @property
    def larger(self) -> "Window | None":
        """Where its row moves to: its hour, its day; None for a day."""
        for size in (HOUR, DAY):
            if self.size < size:
                return self.inside(size)
        return None


class Retention(NamedTuple):
    """Seconds that a row stays after the end of its window, by the size of that."""

    minutes: int
    """Of windows shorter than an hour."""
    hours: int
    days: int

    def due(self, window: Window) -> float:
        """When a row of ``window`` moves on, or is deleted (epoch seconds)."""
        if window.size >= DAY:
            return window.end + self.days
        return window.end + (self.hours if window.size >= HOUR else self.minutes)
