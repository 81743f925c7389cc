"""What was counted beside what was counted when the baseline was written. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Figures = Mapping[str, Mapping[str, float]]
"""By part, each of its figures a ticket, such as ``{"decode": {"instructions": 348.6}}``."""

MOST_GROWTH = 1.15
"""A figure of a whole ticket may grow so many times before the check fails."""
WORTH_TELLING = 1.02
"""A part that grew more than this is named."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One run. ``calibration`` is what a fixed piece of Python counts in the same run."""

    calibration: float
    by_group: Mapping[str, Figures]
    """By tickets a call."""


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of a part at some tickets a call, then and now; ``growth`` is 1 for none."""

    group: str
    part: str
    figure: str
    before: float
    now: float
    growth: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """``too_much`` are the figures of a whole ticket that grew above the limit, ``grown`` the parts
    that did it, those that added most first."""

    too_much: list[Change]
    grown: list[Change]
    totals: list[Change]


def total(figures: Figures) -> dict[str, float]:
    """Each figure, summed over the parts."""
    found: dict[str, float] = {}
    for of_part in figures.values():
        for name, value in of_part.items():
            found[name] = found.get(name, 0.0) + value
    return found


def compare(before: Counted, now: Counted) -> Verdict:
    """Every figure is compared in units of its own run's calibration."""
    scale = before.calibration / now.calibration
    parts = list(_changes(before.by_group, now.by_group, scale))
    whole = list(
        _changes(
            {group: {"": total(figures)} for group, figures in before.by_group.items()},
            {group: {"": total(figures)} for group, figures in now.by_group.items()},
            scale,
        )
    )
    grown = [change for change in parts if change.growth > WORTH_TELLING]
    return Verdict(
        [change for change in whole if change.growth > MOST_GROWTH],
        sorted(grown, key=lambda change: change.before - change.now),
        whole,
    )


def _changes(
    before: Mapping[str, Figures], now: Mapping[str, Figures], scale: float
) -> Iterator[Change]:
    for group, figures in now.items():
        for part, of_part in figures.items():
            known = before.get(group, {}).get(part, {})
            for name, value in of_part.items():
                old = known.get(name, 0.0)
                growth = value * scale / old if old else (float("inf") if value else 1.0)
                yield Change(group, part, name, old, value, growth)
