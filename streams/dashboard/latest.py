"""The last few tickets and dead letters, for a look; how many there are tells the books."""

from collections.abc import Callable, Iterable
from typing import Any

from aiokafka import ConsumerRecord

from streams.audit.owner import is_ours
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
        self.app = ""
        """The installation whose they are: those of others are left out."""
        self.shared = False
        """Whether any of another installation were seen."""

    def add_tickets(self, records: Iterable[ConsumerRecord]) -> None:
        """Records of category topics. Raises UndecodableEvent."""
        ours = self._ours(records, lambda record: is_ours(record, self.app))
        self.tickets = _newest(self.tickets, (ticket_line(r, text=self.text) for r in ours))

    def add_letters(self, records: Iterable[ConsumerRecord]) -> None:
        """Records of the dead-letter topic."""
        ours = self._ours(records, lambda record: letter_of(record).is_of(self.app))
        self.letters = _newest(self.letters, map(letter_line, ours))

    def _ours(
        self, records: Iterable[ConsumerRecord], wanted: Callable[[ConsumerRecord], bool]
    ) -> list[ConsumerRecord]:
        every = list(records)
        ours = [record for record in every if wanted(record)]
        self.shared |= len(ours) < len(every)
        return ours


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
