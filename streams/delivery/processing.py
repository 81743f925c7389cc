"""One event to its result: read it, classify it, and hand the result to its partition."""

import time

from streams.claude.classifier import Classifier, Unanswerable
from streams.delivery.partition import SourcePartition
from streams.delivery.work import MAX_EVENT_BYTES, DeadLetter, Work
from streams.events.model import Ticket
from streams.events.registry import Registry
from streams.events.wire import UndecodableEvent, encode_ticket

MOST_GROWTH = 6
"""Times that a ticket may grow when it is written as JSON: a control character becomes \\u0001."""


class Processing:
    """The way of one event through a call slot."""

    def __init__(self, classifier: Classifier, registry: Registry) -> None:
        self._classifier = classifier
        self._registry = registry

    async def __call__(self, partition: SourcePartition, work: Work) -> None:
        """Bring ``work`` to its result. Every event gets one: a category or a dead letter."""
        try:
            work.ticket = await self._read(work)
            if work.paid is not None:
                partition.finish(work, work.paid)
                return
            answered = await self._classifier.classify(work.source, work.ticket, partition.add_call)
        except UndecodableEvent as error:
            letter = DeadLetter(error.error_type, str(error), "decode", 0, 0, _now_ms())
            partition.finish(work, letter)
        except Unanswerable as error:
            letter = DeadLetter(
                error.failure.error_type,
                str(error.failure),
                "classify",
                error.attempts,
                error.cost,
                _now_ms(),
            )
            partition.finish(work, letter)
        else:
            partition.finish(work, answered.classification, answered.call)

    async def _read(self, work: Work) -> Ticket:
        size = work.size
        if size > MAX_EVENT_BYTES:
            raise UndecodableEvent("too_large", f"more than {MAX_EVENT_BYTES} bytes")
        ticket = await self._registry.decode_ticket(work.value)
        may_grow = size * MOST_GROWTH > MAX_EVENT_BYTES
        if may_grow and len(encode_ticket(ticket, "json")) > MAX_EVENT_BYTES:
            raise UndecodableEvent("too_large", f"more than {MAX_EVENT_BYTES} bytes as JSON")
        return ticket


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
