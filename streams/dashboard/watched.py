"""The committed books, with what the page shows of them added up on the way."""

from collections.abc import Sequence

from streams.audit.books import Books, RowKey
from streams.books.dimensions import read_key
from streams.books.rows import SpendRow
from streams.books.windows import Window
from streams.dashboard.timeline import Timeline, sizes_for

NO_TIER = ""
"""The tier of a row that tells none."""


class WatchedBooks(Books):
    """Books that tell two timelines of every change.

    Whoever reads sets ``stamp`` before a batch; see :class:`Timeline`. Spend has the key
    ``(model, category, tier)`` and the fields of a :class:`SpendRow`; errors ``(stage, type)``.
    What is paid, and what is unsettled, is kept for the budgets by ``(category, value)``.
    """

    def __init__(self, window_seconds: int = 60) -> None:
        super().__init__()
        sizes = sizes_for(window_seconds)
        self.spend_steps = Timeline(sizes)
        self.error_steps = Timeline(sizes)
        self.paid_steps = Timeline(sizes[-1:])
        self.stamp = 0
        self._longer: dict[int, float] = {}

    def apply_spend(self, key: bytes | None, value: bytes | None) -> RowKey:
        """As in Books."""
        place = RowKey.of(key)
        old = self.spend_rows.get(place, SpendRow())
        found = super().apply_spend(key, value)
        new = self.spend_rows.get(place, SpendRow())
        change = [after - before for after, before in zip(new, old, strict=True)]
        self._note_length(place.window)
        _, names = read_key(place.row)
        self.spend_steps.add(
            place.start, (names.model, names.category, names.tier), change, self.stamp
        )
        paid = (names.category, names.value)
        self.paid_steps.add(place.start, paid, change[-2:], self.stamp)
        return found

    def apply_error(self, key: bytes | None, value: bytes | None) -> RowKey:
        """As in Books."""
        place = RowKey.of(key)
        old = self.error_rows.get(place, 0)
        found = super().apply_error(key, value)
        change = self.error_rows.get(place, 0) - old
        _, stage, error_type = place.parts()
        self.error_steps.add(place.start, (stage, error_type), [change], self.stamp)
        return found

    def sizes_from(self, first: float) -> tuple[int, ...]:
        """Lengths of steps that hold whole windows from ``first`` on: older windows may be longer,
        and would stand as a spike in the first of several short steps."""
        sizes = self.spend_steps.sizes
        longest = max((size for size, end in self._longer.items() if end > first), default=0)
        return tuple(size for size in sizes if size >= longest) or sizes[-1:]

    def _note_length(self, window: Window) -> None:
        """Where windows longer than the shortest steps end."""
        if window.size > self.spend_steps.sizes[0]:
            self._longer[window.size] = max(window.end, self._longer.get(window.size, 0.0))

    @property
    def newest_window(self) -> int | None:
        """Start of the newest step that ever had a row."""
        found = [self.spend_steps.newest, self.error_steps.newest]
        return max((start for start in found if start is not None), default=None)


def row_of(numbers: Sequence[int]) -> SpendRow:
    """Of a timeline's sums."""
    return SpendRow(*numbers)
