"""Tickets whose right category is known, from JSON lines."""

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from streams.events.errors import UndecodableEvent
from streams.events.json_values import read_object, ticket_of
from streams.events.model import Ticket

LABEL_FIELDS = ("category", "label", "category_or_null", "expect")
"""Where a label is looked for if nothing is said: the first of these that a line has."""


class LabelError(ValueError):
    """A line cannot be used. The message is one line that names it."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A ticket, the category it belongs in, and its line in the file (the first is 1)."""

    line: int
    ticket: Ticket
    expected: str


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """What can be judged, and how many lines have no label: nobody is asked about those."""

    tickets: Sequence[Labelled]
    unlabelled: int


def read_labelled(
    lines: Iterable[bytes], allowed: Collection[str], field: str | None = None
) -> LabelledFile:
    """The tickets of ``lines``: objects with ``text``, and perhaps ``id``, ``subject`` and others.

    The label stands in ``field``, or in the first of LABEL_FIELDS that is there; it is one of
    ``allowed`` in any letter case, spaces and hyphens as good as underscores. Null or absent means
    that nobody knows: the line is not judged. Empty lines are skipped. Raises LabelError.
    """
    fields = (field,) if field else LABEL_FIELDS
    names = {_spelling(name): name for name in allowed}
    tickets: list[Labelled] = []
    unlabelled = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = read_object(line)
            ticket = ticket_of({"id": str(number), **row})
        except UndecodableEvent as error:
            raise LabelError(f"line {number}: {error}") from None
        label = next((row[name] for name in fields if name in row), None)
        if label is None:
            unlabelled += 1
            continue
        expected = names.get(_spelling(label)) if isinstance(label, str) else None
        if expected is None:
            shown = f"{label!r:.60}"
            raise LabelError(f"line {number}: the label {shown} is none of {', '.join(allowed)}")
        tickets.append(Labelled(number, ticket, expected))
    return LabelledFile(tickets, unlabelled)


def sample(tickets: Sequence[Labelled], limit: int | None, seed: int) -> list[Labelled]:
    """At most ``limit`` of them, drawn at random (the same for the same seed), in file order."""
    if limit is None or limit >= len(tickets):
        return list(tickets)
    drawn = random.Random(seed).sample(range(len(tickets)), limit)
    return [tickets[index] for index in sorted(drawn)]


def _spelling(name: str) -> str:
    return name.strip().casefold().replace("-", "_").replace(" ", "_")
