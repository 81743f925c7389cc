"""The last few tickets and dead letters, for a look; how many there are tells the books."""

from collections.abc import Iterable
from typing import Any

from aiokafka import ConsumerRecord

from streams.dead_letters.letter import letter_of
from streams.events.wire import decode_routed

MOST = 30
MOST_TEXT = 300
"""Characters of a ticket's text, where texts are shown."""

Json = dict[str, Any]


class Latest:
    """Keeps the newest of each, the newest first."""

    def __init__(self) -> None:
        self.tickets: list[Json] = []
        self.letters: list[Json] = []
        self.text: bool = False
        """Whether tickets come with their id and the beginning of their text."""

    def add_tickets(self, records: Iterable[ConsumerRecord]) -> None:
        """Records of category topics. Raises UndecodableEvent."""
        self.tickets = _newest(self.tickets, (ticket_line(r, text=self.text) for r in records))

    def add_letters(self, records: Iterable[ConsumerRecord]) -> None:
        """Records of the dead-letter topic."""
        self.letters = _newest(self.letters, map(letter_line, records))


def ticket_line(record: ConsumerRecord, *, text: bool) -> Json:
    """A routed ticket without a word of its own, unless ``text``. Raises UndecodableEvent."""
    routed = decode_routed(record.value)
    found, source = routed.classification, routed.source
    line: Json = {
        "at": found.classified_at,
        "topic": source.topic,
        "place": f"{source.partition}:{source.offset}",
        "category": found.category,
        "confidence": round(found.confidence, 3),
        "tier": found.tier,
        "model": found.model,
        "reason": found.reason,
        "picodollars": str(found.cost_picodollars),
    }
    if text:
        words = " · ".join(filter(None, (routed.ticket.subject, routed.ticket.text)))
        line |= {"id": routed.ticket.id[:100], "text": words[:MOST_TEXT]}
    return line


def letter_line(record: ConsumerRecord) -> Json:
    """A dead letter: where it stands, where its event was, and why it is there."""
    letter = letter_of(record)
    return {
        "at": letter.given_up_at,
        "place": f"{letter.partition}:{letter.offset}",
        "source": letter.source,
        "stage": letter.stage,
        "type": letter.error_type,
        "message": letter.message[:MOST_TEXT],
        "redriven": letter.redriven,
    }


def _newest(known: list[Json], more: Iterable[Json]) -> list[Json]:
    every = [*known, *more]
    found = {(line.get("source"), line.get("topic"), line["place"]): line for line in every}
    return sorted(found.values(), key=lambda line: -int(line["at"]))[:MOST]
