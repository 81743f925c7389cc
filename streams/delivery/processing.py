"""One event to its result: read it, classify it, and hand the result to its partition."""

import logging
import time
import traceback

from streams.books.rows import Stage
from streams.claude.classifier import Classifier, Unanswerable
from streams.delivery.breaker import Breaker
from streams.delivery.partition import SourcePartition
from streams.delivery.work import MOST_BYTES, DeadLetter, Work
from streams.events.model import CallRecord, Classification, Ticket
from streams.events.registry import Registry
from streams.events.wire import UndecodableEvent, encode_ticket

log = logging.getLogger(__name__)

MOST_GROWTH = 6
"""Times that a ticket may grow when it is written as JSON: a control character becomes \\u0001."""


class Processing:
    """The way of one event through a call slot."""

    def __init__(self, classifier: Classifier, registry: Registry, breaker: Breaker) -> None:
        self._classifier = classifier
        self._registry = registry
        self._breaker = breaker

    async def __call__(self, partition: SourcePartition, work: Work) -> None:
        """Bring ``work`` to its result. Every event gets one: a category or a dead letter.

        But for an open breaker: then what would become a dead letter, and all that was not begun,
        stays in hand and uncommitted. Whoever owns the partition next reads it again.
        """
        if self._breaker.open:
            return
        number = self._breaker.begin()
        paid = work.so_far.cost_picodollars if work.so_far else 0

        def record(call: CallRecord, so_far: Classification | None) -> None:
            nonlocal paid
            paid += call.cost_picodollars
            partition.add_call(call, work, so_far)

        try:
            work.ticket = await self._read(work)
            if work.paid is not None:
                partition.finish(work, work.paid)
                return
            answered = await self._classifier.classify(
                work.source, work.ticket, record, work.so_far
            )
            partition.finish(work, answered.classification, answered.call)
        except UndecodableEvent as error:
            letter = _letter(error.error_type, str(error), "decode")
            self._give_up(partition, work, number, letter)
        except Unanswerable as error:
            failure = error.failure
            letter = _letter(
                failure.error_type, str(failure), "classify", error.attempts, error.cost
            )
            self._give_up(partition, work, number, letter)
        except Exception as error:
            # A fault of ours that this ticket brought to light: it must not stop all the others,
            # again and again. No message is told, for it might hold text of the ticket.
            kind = type(error).__name__
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s: %s in our own code\n%s", work.source, kind, where)  # noqa: TRY400
            message = f"{kind} in our own code"
            letter = _letter("internal_error", message, "classify", cost=paid)
            self._give_up(partition, work, number, letter)

    def _give_up(
        self, partition: SourcePartition, work: Work, number: int, letter: DeadLetter
    ) -> None:
        if self._breaker.admits(number, letter.error_type):
            partition.finish(work, letter)

    async def _read(self, work: Work) -> Ticket:
        size = work.size
        if size > MOST_BYTES:
            raise UndecodableEvent("too_large", f"more than {MOST_BYTES} bytes")
        ticket = await self._registry.decode_ticket(work.value)
        if size * MOST_GROWTH > MOST_BYTES:
            around = size - len(work.value or b"")
            if around + len(encode_ticket(ticket, "json")) > MOST_BYTES:
                raise UndecodableEvent("too_large", f"more than {MOST_BYTES} bytes as JSON")
        return ticket


def _letter(
    error_type: str, message: str, stage: Stage, attempts: int = 0, cost: int = 0
) -> DeadLetter:
    return DeadLetter(error_type, message, stage, attempts, cost, time.time_ns() // 1_000_000)
