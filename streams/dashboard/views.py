"""Pure: what the page is told, as JSON values.

Money is pico-dollars as decimal text, because a browser's numbers are exact only up to 2**53.
Everything else is a whole number; times are epoch seconds where not said otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from streams.audit.books import Books
from streams.books.rows import SpendRow
from streams.dashboard.source import BooksSource
from streams.events.model import UNKNOWN
from streams.settings import Settings

POINTS = 60
"""Points of a chart: an hour of minutes."""
SHORTEST_STEP = 60

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """The time that charts show: ``POINTS`` steps of ``step`` seconds, the first from ``first``.

    ``recent`` numbers are sums over exactly this time. Windows shorter than a step are added up.
    """

    first: int
    step: int

    @classmethod
    def ending(cls, now: float, window_seconds: int) -> "Frame":
        """The frame whose last step holds ``now``."""
        step = max(SHORTEST_STEP, window_seconds)
        return cls(int(now) // step * step - (POINTS - 1) * step, step)

    def point(self, start: float) -> int | None:
        """The number of the step in which a window starts; None for one outside."""
        number = int(start - self.first) // self.step
        return number if 0 <= number < POINTS else None

    def as_json(self) -> Json:
        """Its steps."""
        starts = [self.first + number * self.step for number in range(POINTS)]
        return {"step_seconds": self.step, "starts": starts}


def spend(books: Books, frame: Frame) -> Json:
    """Totals, and one entry a category with its steps; ``unknown`` last."""
    rows: dict[str, list[SpendRow]] = {}
    recent: dict[str, list[list[SpendRow]]] = {}
    for key, row in books.spend.items():
        if key.category not in rows:
            rows[key.category], recent[key.category] = [], [[] for _ in range(POINTS)]
        rows[key.category].append(row)
        if (point := frame.point(key.start)) is not None:
            recent[key.category][point].append(row)
    categories, total, total_recent = [], SpendRow(), SpendRow()
    for category in sorted(rows, key=lambda name: (name == UNKNOWN, name)):
        steps = [_sum(step) for step in recent[category]]
        whole, shown = _sum(rows[category]), _sum(steps)
        total, total_recent = total.plus(whole), total_recent.plus(shown)
        categories.append(
            {
                "category": category,
                "total": _row(whole),
                "recent": _row(shown),
                "tickets": [step.tickets for step in steps],
                "picodollars": [str(step.picodollars) for step in steps],
            }
        )
    return {
        **frame.as_json(),
        "total": _row(total),
        "recent": _row(total_recent),
        "categories": categories,
    }


def errors(books: Books, frame: Frame) -> Json:
    """Totals, and one entry a stage and error type with its steps; sorted by name."""
    totals: dict[tuple[str, str], int] = {}
    counts: dict[tuple[str, str], list[int]] = {}
    for key, count in books.errors.items():
        kind = key.stage, key.error_type
        totals[kind] = totals.get(kind, 0) + count
        steps = counts.setdefault(kind, [0] * POINTS)
        if (point := frame.point(key.start)) is not None:
            steps[point] += count
    return {
        **frame.as_json(),
        "total": sum(totals.values()),
        "recent": sum(map(sum, counts.values())),
        "types": [
            {
                "stage": stage,
                "type": error_type,
                "total": totals[stage, error_type],
                "recent": sum(counts[stage, error_type]),
                "counts": counts[stage, error_type],
            }
            for stage, error_type in sorted(totals)
        ],
    }


def status(source: BooksSource, settings: Settings, now: float) -> Json:
    """How current the numbers are. ``now`` and the names in ``_at`` are epoch milliseconds."""
    return {
        "state": source.state,
        "detail": source.detail,
        "version": source.version,
        "now": int(now * 1000),
        "changed_at": _ms(source.changed_at),
        "current_at": _ms(source.current_at),
        "newest_window": source.books.newest_window,
        "app_id": settings.app_id,
        "window_seconds": settings.window_seconds,
        "retention_hours": settings.day_retention_days * 24,
        "demo": source.demo,
    }


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def _sum(rows: Iterable[SpendRow]) -> SpendRow:
    return SpendRow(*map(sum, zip(*rows, strict=True)))


def _row(row: SpendRow) -> Json:
    per_1000 = (row.picodollars * 1000 + row.tickets // 2) // row.tickets if row.tickets else None
    return {
        **row._asdict(),
        "picodollars": str(row.picodollars),
        "unsettled_picodollars": str(row.unsettled_picodollars),
        "picodollars_per_1000_tickets": None if per_1000 is None else str(per_1000),
    }
