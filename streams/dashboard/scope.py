"""What a reader of the page looks at: a time, and perhaps one category or one model. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from streams.dashboard.timeline import HOUR, MINUTE

WINDOWS: Mapping[str, int] = {"15m": 900, "1h": 3_600, "24h": 86_400, "7d": 604_800}
"""Seconds that a page may show up to now, by name."""
DEFAULT_WINDOW = "1h"

MOST_STEPS = 400
"""A chart has no more points than that: longer times have longer steps."""
LEAST_SECONDS = 5 * MINUTE
MOST_NAME = 300


class Steps(NamedTuple):
    """Steps of ``size`` seconds, from ``first`` up to before ``end`` (epoch seconds)."""

    first: int
    end: int
    size: int


@dataclass(frozen=True, slots=True)
class Scope:
    """A window that ends now, or a fixed time; and what is shown of it (None: everything)."""

    window: str | None = DEFAULT_WINDOW
    first: int = 0
    end: int = 0
    category: str | None = None
    model: str | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> "Scope":
        """From an address: ``window``, or ``from`` and ``to`` (epoch seconds); ``category``,
        ``model``. Raises ValueError, which names the parameter."""
        category, model = (query.get(name) or None for name in ("category", "model"))
        for name, value in (("category", category), ("model", model)):
            if value is not None and len(value) > MOST_NAME:
                raise ValueError(f"{name}: too long")
        if "from" in query or "to" in query:
            first, end = (_seconds(query, name) for name in ("from", "to"))
            if end - first < LEAST_SECONDS:
                raise ValueError(f"from, to: at least {LEAST_SECONDS} seconds apart")
            return cls(None, first, end, category, model)
        window = query.get("window") or DEFAULT_WINDOW
        if window not in WINDOWS:
            raise ValueError(f"window: one of {', '.join(WINDOWS)}")
        return cls(window, 0, 0, category, model)

    def steps(self, now: float, sizes: Sequence[int]) -> Steps:
        """The shortest steps of these ``sizes`` that are few enough; the last one holds the end."""
        if self.window is None:
            first, end = self.first, self.end
        else:
            first, end = int(now) - WINDOWS[self.window] + 1, int(now) + 1
        size = next((s for s in sizes if end - first <= s * MOST_STEPS), max(sizes))
        end = -(-end // size) * size
        return Steps(max(first // size * size, end - MOST_STEPS * size), end, size)

    def holds(self, model: str, category: str) -> bool:
        """Whether it is shown."""
        return self.model in (None, model) and self.category in (None, category)

    def as_json(self, now: float, sizes: Sequence[int]) -> dict[str, Any]:
        """For the page."""
        steps = self.steps(now, sizes)
        return {
            "window": self.window,
            "category": self.category,
            "model": self.model,
            "first": steps.first,
            "end": steps.end,
            "step": steps.size,
            "widest": MOST_STEPS * max(*sizes, HOUR),
        }


def _seconds(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise ValueError(f"{name}: epoch seconds, a whole number")
    return int(text)
