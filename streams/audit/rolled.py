"""Rows that move into their hour and their day, compared with what is due minute by minute. Pure.

Every dollar stands in exactly one row. So where a day's row is there, it is the sum of its day less
the hours and minutes that are there too; else the same holds for an hour's row; else each window
stands for itself. Rows of an older version, which told less apart, are compared with the sum of
what is due in their place.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from streams.audit.books import RowKey
from streams.books.windows import DAY, HOUR, Window

Numbers = tuple[int, ...]
"""The numbers of a row."""

KINDS = {HOUR: "the hour ", DAY: "the day "}


class Group(NamedTuple):
    """Rows that are compared by their sum: those of ``key`` in ``window``."""

    key: str
    window: Window


class Difference(NamedTuple):
    """What ``row`` has, and what it should have."""

    row: RowKey
    found: Numbers
    due: Numbers
    at_most: bool = False
    """``due`` is only a bound: the rest of it may stand in a larger window's row."""

    @property
    def name(self) -> str:
        """The row, for people."""
        start = datetime.fromtimestamp(self.row.start, UTC)
        kind = KINDS.get(self.row.size, "")
        return f"{self.row.row} of {kind}{start:%Y-%m-%dT%H:%M:%SZ}"


class Comparison:
    """``due`` and ``found`` are the rows of one table; those due in windows of ``size`` seconds.

    ``fold`` gives what an older version would have written for a key, ``old`` whether it wrote it.
    """

    def __init__(
        self,
        due: Mapping[RowKey, Numbers],
        found: Mapping[RowKey, Numbers],
        size: int,
        fold: Callable[[str], str] = str,
        old: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._due = due
        self._found = found
        self._fold = fold
        self._folded = {(fold(row.row), _day(row)) for row in found if old(row.row)}
        keys = {row: self._key(row) for row in found}
        self._days = {(key, _day(row)) for row, key in keys.items() if row.size == DAY}
        # A window of another size than today's: the settings were changed.
        self._hours = {
            (key, _hour(row))
            for row, key in keys.items()
            if row.size == HOUR or (row.size < HOUR and row.size != size)
        }
        self.due: defaultdict[Group, Numbers] = defaultdict(tuple)
        """What is due, by group."""
        self.found: defaultdict[Group, Numbers] = defaultdict(tuple)
        for rows, sums in ((due, self.due), (found, self.found)):
            for row, numbers in rows.items():
                group = self.group(row)
                sums[group] = _plus(sums[group], numbers)

    def group(self, row: RowKey) -> Group:
        """Those that ``row`` is compared with."""
        key = self._key(row)
        if (key, _day(row)) in self._days:
            return Group(key, row.window.inside(DAY))
        if row.size <= HOUR and (key, _hour(row)) in self._hours:
            return Group(key, row.window.inside(HOUR))
        return Group(key, row.window)

    def judged(self, moving: Collection[RowKey], since: float) -> list[Group]:
        """Groups in windows that began at ``since`` (epoch seconds) or later, and in which no row
        is ``moving``; sorted."""
        places = {(self._key(row), row.window) for row in moving}
        around = places | {
            (key, window.inside(size)) for key, window in places for size in (HOUR, DAY)
        }
        return [
            group
            for group in sorted(self.due.keys() | self.found.keys())
            if group.window.start >= since
            and group not in around
            and (group.key, group.window.inside(HOUR)) not in places
            and (group.key, group.window.inside(DAY)) not in places
        ]

    def differences(self, groups: Collection[Group]) -> Iterator[Difference]:
        """One for each of ``groups`` that is not what is due; of several rows the likeliest."""
        wrong = {
            group for group in groups if _minus(self.due.get(group, ()), self.found.get(group, ()))
        }
        members: defaultdict[Group, list[RowKey]] = defaultdict(list)
        if wrong:
            for row in self._found:
                if (group := self.group(row)) in wrong:
                    members[group].append(row)
        for group in sorted(wrong):
            yield self._culprit(group, members[group])

    def _culprit(self, group: Group, rows: list[RowKey]) -> Difference:
        due, found = self.due.get(group, ()), self.found.get(group, ())
        if not rows:
            return Difference(RowKey(group.key, *group.window), found, due)
        for row in sorted(rows):
            exact = self._due.get(row, ())
            if len(rows) > 1 and row.size < HOUR and _exceeds(self._found[row], exact):
                return Difference(row, self._found[row], exact, at_most=True)
        largest = max(rows, key=lambda row: (row.size, row))
        own = self._found[largest]
        return Difference(largest, own, _plus(own, _minus(due, found)))

    def _key(self, row: RowKey) -> str:
        if not self._folded:
            return row.row
        folded = self._fold(row.row)
        return folded if (folded, _day(row)) in self._folded else row.row


def _day(row: RowKey) -> float:
    return row.start - row.start % DAY


def _hour(row: RowKey) -> float:
    return row.start - row.start % HOUR


def _plus(one: Numbers, other: Numbers) -> Numbers:
    """The sum; empty stands for zeros."""
    if not one or not other:
        return tuple(one or other)
    return tuple([a + b for a, b in zip(one, other, strict=True)])


def _minus(one: Numbers, other: Numbers) -> Numbers:
    """The difference; empty where there is none."""
    left = _plus(one, tuple(-n for n in other))
    return left if any(left) else ()


def _exceeds(found: Numbers, due: Numbers) -> bool:
    return any(n > 0 for n in _minus(found, due))
