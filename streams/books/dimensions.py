"""What spend is told apart by, and how that is written in the key of a row. Pure.

The key is ``partition|model|category|tier|outcome|prompt version|value``; rows that older versions
wrote end after the category. The partition comes first because a row belongs to the transaction of
one source partition; whoever wants a total sums over partitions.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from streams.books.windows import DAY
from streams.events.model import Ticket

OTHER = "other"
"""Stands for all values beyond those that a day may have."""

MOST_CHARS = 64
"""Of a value. Longer ones are cut, and those that begin alike are one."""

PARTS_BEFORE = 3
"""Parts of a key that an older version wrote."""


class Dimensions(NamedTuple):
    """Empty where an older version wrote the row, which did not tell."""

    model: str
    category: str
    tier: str = ""
    outcome: str = ""
    """Of calls, what each ticket got from them; of tickets, ok or why they are unknown."""
    prompt_version: str = ""
    value: str = ""
    """Of the ticket's field ``books_field``; empty without one."""

    def key(self, partition: int) -> str:
        """The row's key."""
        return _key(partition, self)


@lru_cache(maxsize=20_000)
def _key(partition: int, told: Dimensions) -> str:
    # Only what the API says may have a bar in it: a value is escaped before.
    return (
        f"{partition}|{told.model}|{told.category}|{told.tier}|"
        f"{told.outcome.replace('|', '/')}|{told.prompt_version}|{told.value}"
    )


@lru_cache(maxsize=20_000)
def read_key(key: str) -> tuple[int, Dimensions]:
    """The source partition and the dimensions of a row of spend. Raises ValueError."""
    partition, *rest = key.split("|")
    if len(rest) + 1 not in (PARTS_BEFORE, 1 + len(Dimensions._fields)):
        raise ValueError("not the key of a row of spend")
    return int(partition), Dimensions(*rest)


def is_before(key: str) -> bool:
    """Whether an older version wrote the row, which told model and category only."""
    return key.count("|") < PARTS_BEFORE


def coarse(key: str) -> str:
    """What an older version would have written."""
    return "|".join(key.split("|", PARTS_BEFORE)[:PARTS_BEFORE])


class FieldValues:
    """The values of one field of the tickets in a source partition: the first ``most`` of each day
    (UTC) by name, those that are ``named`` somewhere always, and OTHER for the rest. Without a
    ``field`` all are empty."""

    def __init__(
        self,
        field: str | None = None,
        most: int = 100,
        named: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._field = field
        self._most = most
        self._named = named
        self._day = 0
        self._known: set[str] = set()

    def restore(self, seen: Iterable[tuple[str, float]]) -> None:
        """What the rows have: values, and when they were used (epoch seconds)."""
        for value, at in seen if self._field else ():
            self._turn(at)
            if at // DAY == self._day and value not in ("", OTHER):
                self._known.add(value)

    def of(self, ticket: Ticket, at: float) -> str:
        """The value of a ticket that is begun at ``at`` (epoch seconds), as a row's key has it."""
        if self._field is None or not (value := escaped(getattr(ticket, self._field) or "")):
            return ""
        self._turn(at)
        if value not in self._known:
            if self._named(value):
                return value
            if len(self._known) >= self._most:
                return OTHER
            self._known.add(value)
        return value

    def _turn(self, at: float) -> None:
        if at // DAY > self._day:
            self._day = int(at // DAY)
            self._known.clear()


def escaped(value: str) -> str:
    """As a row's key has it: without what has a meaning in a key or a terminal."""
    plain = "".join(c if c.isprintable() else "?" for c in value[:MOST_CHARS])
    return plain.replace("%", "%25").replace("|", "%7C")
