"""Tickets through the real path without Kafka: one at a terminal, or many for an evaluation."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from streams.books.dimensions import FieldValues
from streams.classify.duplicates import Duplicates
from streams.classify.triage import CallTier, Lane
from streams.claude.classifier import Classifier
from streams.claude.pace import Pace
from streams.claude.tiers import triage_of
from streams.delivery.breaker import Breaker
from streams.delivery.dispatcher import Dispatcher
from streams.delivery.giving_up import GivingUp
from streams.delivery.intake import Intake
from streams.delivery.processing import Processing
from streams.delivery.versions import Versions
from streams.delivery.work import DeadLetter, Result, Skipped, Work
from streams.events.model import CallRecord, Classification, Source, Ticket
from streams.events.registry import Registry
from streams.events.wire import encode_ticket
from streams.settings import Settings

NO_TOPIC = "-"


class Offline:
    """Takes results as a partition does. Tickets that wait at the same time share calls.

    ``on_call`` gets every call's record, failed ones too. To be closed by ``async with``.
    """

    def __init__(
        self,
        settings: Settings,
        classifiers: Mapping[CallTier, Classifier],
        pace: Pace,
        on_call: Callable[[CallRecord], object] = lambda _: None,
    ) -> None:
        self.waiting: dict[Lane, deque[Work]] = {}
        self.calls: set[asyncio.Future[Any]] = set()
        self.closed = False
        self.duplicates = Duplicates(0)
        self.values = FieldValues()
        self.versions = Versions()
        self._on_call = on_call
        self._results: dict[int, asyncio.Future[Classification | DeadLetter]] = {}
        triage = triage_of(settings)
        giving_up = GivingUp(Breaker(1.0, 1, lambda _: None))  # whose share of 1 never opens it
        prompt = classifiers["first"].prompt
        self._intake = Intake(Registry(None), prompt, triage, giving_up)
        self._dispatcher: Dispatcher[Offline] = Dispatcher(
            settings.max_calls,
            Processing(classifiers, triage, giving_up),
            Counter(),  # nothing is committed here
            pace,
            most_tokens=settings.batch_tokens,
            fail=self._fail,
        )

    async def classify(self, ticket: Ticket) -> Classification | DeadLetter:
        """The ticket's result."""
        offset = len(self._results)
        found: asyncio.Future[Classification | DeadLetter]
        found = self._results[offset] = asyncio.get_running_loop().create_future()
        work = Work(Source(NO_TOPIC, 0, offset), None, encode_ticket(ticket), 0, ())
        self._intake.take(self, work, self._dispatcher.submit)
        return await found

    # What a partition does

    async def begin_call(self, call: CallRecord) -> None:
        """Nothing to keep."""

    def add_call(self, call: CallRecord) -> None:
        """A call, answered or not."""
        self._on_call(call)

    def ask_again(self, work: Work) -> None:
        """Nothing to keep."""

    def finish(self, work: Work, result: Result) -> None:
        """The ticket's result."""
        found = self._results[work.source.offset]
        if not found.done() and not isinstance(result, Skipped):  # nothing here is filtered
            found.set_result(result)

    def _fail(self, reason: str) -> None:
        for found in self._results.values():
            if not found.done():
                found.set_exception(RuntimeError(reason))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closed = True
        for task in list(self.calls):
            task.cancel()
        await asyncio.gather(*self.calls, return_exceptions=True)
