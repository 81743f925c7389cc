"""What becomes of an outbox: the records and table rows of one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass

from streams.books.rows import (
    ErrorDelta,
    SpendDelta,
    error,
    errors_of_call,
    spend_of_call,
    spend_of_tickets,
)
from streams.delivery.outbox import Books, Outbox
from streams.delivery.records import (
    Dress,
    Record,
    ask_again_row,
    booked,
    dead_letter,
    held_row,
    released_row,
    routed,
    skipped_record,
    undressed,
)
from streams.delivery.size import Headers
from streams.delivery.tables import Overlay
from streams.delivery.work import DeadLetter, Work
from streams.events.model import Classification
from streams.events.topics import Topics
from streams.events.wire import RoutedEncoder


@dataclass(frozen=True, slots=True)
class Packing:
    """Packs the transactions of partition ``number``. ``partitions`` has the number of partitions
    by output topic."""

    number: int
    topics: Topics
    partitions: dict[str, int]
    books: Books
    encoder: RoutedEncoder
    dress: Dress = undressed
    headers: Headers = ()

    def records(self, outbox: Outbox) -> Iterator[Record]:
        """All records but those of the tables."""
        topics = self.topics
        for work in outbox.released:
            if isinstance(work.result, Classification):
                how = self.encoder, self.dress, self.headers
                event = routed(work, work.result, topics, self.partitions, *how)
                yield self._traced(work, event)
            elif isinstance(work.result, DeadLetter):
                yield self._traced(work, dead_letter(work, work.result, topics, self.partitions))
            yield released_row(work, topics)
        if unwanted := list(outbox.unwanted):
            yield skipped_record(topics, self.number, unwanted)
        for work in outbox.held.values():
            if isinstance(work.result, Classification):
                yield held_row(work, work.result, topics)
        for work in outbox.ask_again.values():
            if work.so_far is not None:
                yield ask_again_row(work, work.so_far, topics)
        for call in outbox.calls:
            yield from booked(call, topics)

    def _traced(self, work: Work, event: Record) -> Record:
        headers = self.books.traces.headers(work, event.topic, event.headers)
        return event if headers is event.headers else event._replace(headers=headers)

    def rows(self, outbox: Outbox, now: float) -> tuple[Overlay, Overlay]:
        """The changed rows of spend and of errors, and those that move on at ``now`` (epoch
        seconds)."""
        spend: Overlay = {}
        errors: Overlay = {}
        for call in outbox.calls:
            for delta in spend_of_call(call):
                self._add_spend(spend, delta)
            for fault in errors_of_call(call):
                self._add_error(errors, fault)
        results = [work.result for work in outbox.released]
        classified = (result for result in results if isinstance(result, Classification))
        for delta in spend_of_tickets(self.number, classified):
            self._add_spend(spend, delta)
        for result in results:
            if isinstance(result, DeadLetter):
                fault = error(self.number, result.stage, result.error_type, result.at)
                self._add_error(errors, fault)
        self.books.spend.move_on(spend, self.number, now)
        self.books.errors.move_on(errors, self.number, now)
        return spend, errors

    def _add_spend(self, overlay: Overlay, delta: SpendDelta) -> None:
        self.books.spend.add_to(overlay, delta.key, delta.at, delta.row)

    def _add_error(self, overlay: Overlay, delta: ErrorDelta) -> None:
        self.books.errors.add_to(overlay, delta.key, delta.at, 1)

    def changelog(self, spend: Overlay, errors: Overlay) -> Iterator[Record]:
        """The records of the tables."""
        for topic, table, overlay in (
            (self.topics.spend, self.books.spend, spend),
            (self.topics.errors, self.books.errors, errors),
        ):
            for key, value in table.records(overlay):
                yield Record(topic, self.number, key, value)
