"""Numbers over time, added up once as they come, so that asking for them later is cheap."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

MINUTE, TEN_MINUTES, HOUR = 60, 600, 3_600

Key = tuple[str, ...]
Row = Sequence[int]
Cells = Mapping[Key, Row]
"""The sums of one step, by key."""

NOTHING: Cells = {}


def sizes_for(window_seconds: int) -> tuple[int, ...]:
    """Lengths of steps in seconds, shortest first: none is shorter than a window of the books."""
    return tuple(sorted({max(size, window_seconds) for size in (MINUTE, TEN_MINUTES, HOUR)}))


class Timeline:
    """Sums by step and key, for steps of several ``sizes`` (seconds).

    Every change has a ``stamp``, a number that never falls: who has seen all up to one stamp asks
    for what is newer. Times are epoch seconds.
    """

    def __init__(self, sizes: Iterable[int]) -> None:
        self._steps: dict[int, dict[int, dict[Key, list[int]]]] = {size: {} for size in sizes}
        self._stamps: dict[int, dict[int, int]] = {size: {} for size in self._steps}
        self._keys: dict[Key, Key] = {}
        self.first: int | None = None
        """Start of the earliest shortest step that ever had a number."""
        self.newest: int | None = None
        """Start of the latest one."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Lengths of steps, shortest first."""
        return tuple(self._steps)

    @property
    def keys(self) -> Iterable[Key]:
        """All keys there ever were."""
        return self._keys.keys()

    def add(self, at: float, key: Key, change: Row, stamp: int) -> None:
        """Adds ``change`` to the steps that hold ``at``; sums of nothing but zeros are dropped."""
        if not any(change):
            return
        key = self._keys.setdefault(key, key)
        for size, steps in self._steps.items():
            start = int(at) // size * size
            cells = steps.setdefault(start, {})
            if (row := cells.get(key)) is None:
                cells[key] = list(change)
            else:
                for i, number in enumerate(change):
                    row[i] += number
                if not any(row):
                    del cells[key]
            if not cells:
                del steps[start]
            self._stamps[size][start] = stamp
        start = int(at) // self.sizes[0] * self.sizes[0]
        self.first = start if self.first is None else min(self.first, start)
        self.newest = start if self.newest is None else max(self.newest, start)

    def step(self, size: int, start: int) -> Cells:
        """The sums of the step that begins at ``start``."""
        return self._steps[size].get(start, NOTHING)

    def changed(self, size: int, first: int, end: int, since: int) -> Iterator[tuple[int, Cells]]:
        """The steps from ``first`` up to before ``end`` with a stamp above ``since``, with their
        starts. One that is empty by now is told too."""
        stamps = self._stamps[size]
        for start in range(first, end, size):
            if stamps.get(start, -1) > since:
                yield start, self.step(size, start)

    def total(self, size: int, first: int, end: int) -> dict[Key, list[int]]:
        """Sums over the steps from ``first`` up to before ``end``, by key."""
        sums: dict[Key, list[int]] = {}
        for start in range(first // size * size, end, size):
            for key, row in self.step(size, start).items():
                if (found := sums.get(key)) is None:
                    sums[key] = list(row)
                else:
                    for i, number in enumerate(row):
                        found[i] += number
        return sums

    def forget(self, before: float, *, empty_only: bool = False) -> None:
        """Drops all steps that end before ``before``, or only what is left of empty ones."""
        for size, steps in self._steps.items():
            stamps = self._stamps[size]
            for old in [start for start in stamps if start + size <= before]:
                if not empty_only:
                    steps.pop(old, None)
                if old not in steps:
                    del stamps[old]
