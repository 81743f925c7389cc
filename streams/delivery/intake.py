"""From an event that was read to a ticket that waits for a call, or to a result that needs none."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from streams.classify.duplicates import fingerprint, reused
from streams.classify.prompt import Prompt
from streams.classify.suspicion import suspicious
from streams.classify.triage import Triage
from streams.delivery.choice import EVERY_EVENT, Choice
from streams.delivery.desk import Desk
from streams.delivery.giving_up import GivingUp
from streams.delivery.work import MOST_BYTES, Skipped, Work
from streams.events.model import UNKNOWN, Classification, SkipReason, Ticket
from streams.events.registry import Registry
from streams.events.times import now_ms
from streams.events.wire import SchemaNeeded, UndecodableEvent, encode_ticket

MOST_GROWTH = 6
"""Times that a ticket may grow when it is written as JSON: a control character becomes \\u0001."""

D = TypeVar("D", bound=Desk)


class Intake:
    """Every event comes by here once. ``prompt`` makes what a ticket adds to a request, which is
    the same for all models."""

    def __init__(
        self,
        registry: Registry,
        prompt: Prompt,
        triage: Triage,
        giving_up: GivingUp,
        choice: Choice = EVERY_EVENT,
    ) -> None:
        self._choice = choice
        self._registry = registry
        self._prompt = prompt
        self._triage = triage
        self._giving_up = giving_up

    def take(self, desk: D, work: Work, ready: Callable[[D, Work], None]) -> None:
        """Bring ``work`` to a result, or have it ``ready`` to be asked about in its lane.

        At once, unless its schema must be asked for: that must not hold up the events behind it.
        """
        if self._giving_up.stopped:
            return
        self._giving_up.begin(work)
        try:
            if (unwanted := self._choice.refuses(work)) is not None:
                desk.finish(work, Skipped(unwanted))
                return
            _check_size(work)
            found = self._registry.decode_known(work.value, work.headers, work.source.topic)
            self._look_at(desk, work, found, ready)
        except SchemaNeeded:
            task = asyncio.ensure_future(self._take_later(desk, work, ready))
            desk.calls.add(task)
            task.add_done_callback(desk.calls.discard)
        except Exception as error:
            self._failed(desk, work, error)

    async def _take_later(self, desk: D, work: Work, ready: Callable[[D, Work], None]) -> None:
        try:
            found = await self._registry.decode_ticket(work.value, work.headers, work.source.topic)
            self._look_at(desk, work, found, ready)
        except Exception as error:
            self._failed(desk, work, error)

    def _failed(self, desk: Desk, work: Work, error: Exception) -> None:
        if isinstance(error, UndecodableEvent):
            self._giving_up.give_up(desk, work, error.error_type, str(error), "decode")
        else:
            self._giving_up.fault_of_ours(desk, work, error)

    def _look_at(
        self, desk: D, work: Work, found: Ticket | SkipReason, ready: Callable[[D, Work], None]
    ) -> None:
        if not isinstance(found, Ticket):
            self._skip(desk, work, found)
            return
        ticket = found
        _check_size_as_json(work, ticket)
        work.ticket = ticket
        work.books_value = _books_value(desk, work, ticket)
        if work.paid is not None:
            desk.finish(work, work.paid)
        elif work.so_far is not None and self._enough(work.so_far):
            desk.finish(work, replace(work.so_far, reason=None))
        elif not ticket.text.strip() and not (ticket.subject or "").strip():
            desk.finish(work, self._without_text(work))
        elif (known := self._known(desk, work, ticket)) is not None:
            desk.finish(work, known)
        else:
            work.part = self._prompt.part(ticket)
            work.bound = self._prompt.part_bound(work.part)
            work.isolated = suspicious(work.part)
            work.lane = self._triage.begin(work.so_far, isolated=work.isolated)
            older = desk.versions.take_place(desk.waiting, work)
            if older is None:
                ready(desk, work)
            else:
                desk.finish(older, Skipped("superseded"))

    def _skip(self, desk: Desk, work: Work, reason: SkipReason) -> None:
        if work.paid is None and work.so_far is None:
            desk.finish(work, Skipped(reason))
        else:  # what was paid for it must stay with it
            message = "it was paid for before the filter said that it is no ticket"
            self._giving_up.give_up(desk, work, "not_a_ticket", message, "decode")

    def _enough(self, so_far: Classification) -> bool:
        """Whether what is paid for is the last word. A category that is gone is none."""
        return so_far.category in self._prompt.names and self._triage.enough(so_far)

    def _known(self, desk: Desk, work: Work, ticket: Ticket) -> Classification | None:
        """The answer that an identical ticket had, unless calls for this one were paid already."""
        work.fingerprint = fingerprint(ticket)
        if work.so_far is not None:
            return None
        found = desk.duplicates.find(work.fingerprint, time.time())
        if found is None:
            return None
        return replace(reused(found, now_ms()), books_value=work.books_value)

    def _without_text(self, work: Work) -> Classification:
        return Classification(
            category=UNKNOWN,
            confidence=0.0,
            tier="none",
            model=None,
            reason="empty_text",
            input_tokens=0,
            output_tokens=0,
            cost_picodollars=0,
            call_id=None,
            prompt_version=self._prompt.version,
            classified_at=now_ms(),
            books_value=work.books_value,
        )


def _books_value(desk: Desk, work: Work, ticket: Ticket) -> str:
    """What the books tell it apart by: what they did before, if its calls are booked already."""
    before = work.paid or work.so_far
    return desk.values.of(ticket, time.time()) if before is None else before.books_value


def _check_size(work: Work) -> None:
    if work.size > MOST_BYTES:
        raise UndecodableEvent("too_large", f"more than {MOST_BYTES} bytes")


def _check_size_as_json(work: Work, ticket: Ticket) -> None:
    """A ticket must fit into our topics in every format that it may be written in."""
    if work.size * MOST_GROWTH > MOST_BYTES:
        around = work.size - len(work.value or b"")
        if around + len(encode_ticket(ticket, "json")) > MOST_BYTES:
            raise UndecodableEvent("too_large", f"more than {MOST_BYTES} bytes as JSON")
