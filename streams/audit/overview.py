"""How it goes, at one look: from the committed books and the consumer group."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from streams.audit.books import Books, load_books
from streams.audit.budget_use import BudgetUse, paid_in, use_of
from streams.audit.group import Group, read_group
from streams.audit.skips import Skips, read_skips
from streams.audit.snapshot import open_snapshot
from streams.books.limits import Limit
from streams.books.rows import SpendRow
from streams.events.topics import Topics
from streams.settings import Settings

HOUR, DAY = 3_600, 86_400
RATE_SECONDS = 300
"""The rate is that of the last windows which cover so long."""

DEAD_LETTER_STAGES = ("decode", "classify")
"""Stages at which a ticket as a whole is given up."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Hours and days are calendar ones, in UTC, told by the start of the books' windows. Money is
    pico-dollars."""

    group: Group
    today: SpendRow
    hour: SpendRow
    dead_letters_today: int
    dead_letters_hour: int
    errors_hour: dict[tuple[str, str], int]
    """By stage and type, dead letters too; the most frequent first."""
    per_minute: float
    """Events finished a minute, lately: routed, given up or skipped."""
    skipped_today: int = 0
    skipped_hour: int = 0
    by_category: Mapping[str, float] = field(default_factory=dict)
    """Tickets routed a second, lately, by category."""
    picodollars_per_hour: int = 0
    """What is spent at this rate, lately."""
    budgets: tuple[BudgetUse, ...] = ()

    @property
    def minutes_left(self) -> float | None:
        """Until what waits is done at this rate; None where there is no rate."""
        return self.group.waiting / self.per_minute if self.per_minute else None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        lag = self.group.lag
        return {
            "group": {"state": self.group.state, "workers": len(self.group.members)},
            "workers": [
                {
                    "id": member.id,
                    "host": member.host,
                    "partitions": self.group.owned(member),
                    "waiting": sum(lag.get(number, 0) for number in member.partitions),
                }
                for member in self.group.members
            ],
            "waiting": self.group.waiting,
            "lag": {self.group.name(number): events for number, events in sorted(lag.items())},
            "per_minute": round(self.per_minute, 3),
            "per_second_by_category": {
                category: round(rate, 3) for category, rate in self.by_category.items()
            },
            "picodollars_per_hour": self.picodollars_per_hour,
            "budgets": [{**asdict(budget), "left": budget.left} for budget in self.budgets],
            "today": {
                **self.today._asdict(),
                "dead_letters": self.dead_letters_today,
                "skipped": self.skipped_today,
            },
            "hour": {
                **self.hour._asdict(),
                "dead_letters": self.dead_letters_hour,
                "skipped": self.skipped_hour,
            },
            "errors_hour": [
                {"stage": stage, "type": kind, "errors": count}
                for (stage, kind), count in self.errors_hour.items()
            ],
        }


async def read_overview(settings: Settings, now: float) -> Overview:
    """``now`` is epoch seconds. Raises UnreachableError and MissingTopicError."""
    topics = Topics.of(settings)
    async with open_snapshot(settings.kafka) as snapshot:
        group = await read_group(snapshot, settings.app_id, topics)
        skips = await read_skips(snapshot, topics.skipped, needed_since(now))
    books = await load_books(settings.kafka, topics)
    return overview(books, group, now, settings.window_seconds, settings.limits, skips)


def needed_since(now: float) -> float:
    """From when on skipped events must be known (epoch seconds): the day, and the last minutes."""
    return min(now // DAY * DAY, now - RATE_SECONDS - HOUR)


def overview(
    books: Books,
    group: Group,
    now: float,
    window_seconds: int,
    limits: Iterable[Limit] = (),
    skips: Skips | None = None,
) -> Overview:
    """The sums. ``limits`` are the budgets. Pure."""
    skips = skips or Skips()
    day, hour = now // DAY * DAY, now // HOUR * HOUR
    lately = (now - RATE_SECONDS) // window_seconds * window_seconds
    recent = _spend(books, lately)
    finished = recent.tickets + _dead_letters(books, lately) + skips.within(lately)
    return Overview(
        group=group,
        today=_spend(books, day),
        hour=_spend(books, hour),
        dead_letters_today=_dead_letters(books, day),
        dead_letters_hour=_dead_letters(books, hour),
        skipped_today=skips.within(day),
        skipped_hour=skips.within(hour),
        errors_hour=_errors(books, hour),
        per_minute=60 * finished / (now - lately),
        by_category={
            category: tickets / (now - lately)
            for category, tickets in tickets_by_category(books, lately).items()
        },
        picodollars_per_hour=round(recent.picodollars * HOUR / (now - lately)),
        budgets=use_of(limits, paid_in(books), now),
    )


def tickets_by_category(books: Books, since: float) -> dict[str, int]:
    """Tickets by every category of the books, also those without any lately."""
    counts = dict.fromkeys(sorted({key.category for key in books.spend}), 0)
    for key, row in books.spend.items():
        if key.start >= since:
            counts[key.category] += row.tickets
    return counts


def _spend(books: Books, since: float) -> SpendRow:
    total = SpendRow()
    for key, row in books.spend.items():
        if key.start >= since:
            total = total.plus(row)
    return total


def _dead_letters(books: Books, since: float) -> int:
    return sum(
        count
        for key, count in books.errors.items()
        if key.start >= since and key.stage in DEAD_LETTER_STAGES
    )


def _errors(books: Books, since: float) -> dict[tuple[str, str], int]:
    counts: Counter[tuple[str, str]] = Counter()
    for key, count in books.errors.items():
        if key.start >= since:
            counts[key.stage, key.error_type] += count
    return dict(counts.most_common())
