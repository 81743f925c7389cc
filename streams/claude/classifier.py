"""One request about one or many tickets: sent until the API answers.

The only place that tries again. How long a failure is waited for and when a request is given up
stands here; what kind of failure it was stands in failures.py, the record of every try is made in
call_records.py, and what comes of each ticket is said by classify/triage.py.
"""

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_random_exponential,
)

from streams.classify.answer import read_message
from streams.classify.prompt import Prompt, new_ids
from streams.classify.triage import CallTier
from streams.claude.call_records import CallRecords, Try
from streams.claude.client import Claude, Reply
from streams.claude.failures import Failure, Recovery, of_every_request
from streams.claude.gate import Gate
from streams.claude.pace import Pace, until_paced
from streams.claude.prices import PriceList
from streams.claude.question import Answered, Question
from streams.claude.unpriced import Unpriced
from streams.events.model import ABANDONED, CallRecord
from streams.events.times import now_ms

FIRST_PAUSE = 0.25
"""Longest pause in seconds after a first failure; it doubles up to the setting."""

GIVE_UP_TRIES = 12
GIVE_UP_SHARED = 3
GIVE_UP_HEALTH = 0.9
"""A ticket is its own trouble when this many tries failed, and before each of them at least this
share of the other calls was answered. Anything less is an outage, and an outage is waited for. A
shared call is taken apart much sooner: that gives nothing up."""

NEVER_THE_TICKET = (401, 402, 429)
"""The key, the bill, the rate: whatever the others get, no ticket is given up for these."""

Recorder = Callable[[CallRecord], None]
"""Takes a call that brought no answer."""

Begin = Callable[[CallRecord], Awaitable[None]]
"""Takes a call that is about to be made, as it is booked if nobody hears of it again; the call is
made when this returns."""


async def untold(_: CallRecord) -> None:
    """Begin where nothing outlives the process anyway."""


class Refused(Exception):  # noqa: N818  the tickets' fault, not ours
    """The request will not be answered, though others are: something in it is the trouble."""

    def __init__(self, failure: Failure, attempts: int) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.attempts = attempts


@dataclass(frozen=True, slots=True)
class Classifier:
    """Asks one model. Shared by all calls of a worker to it.

    An answer below ``threshold`` counts as unsure. ``retry_max_wait`` is the longest pause between
    tries, in seconds; ``now_ms`` gives UTC epoch milliseconds.
    """

    tier: CallTier
    claude: Claude
    prompt: Prompt
    prices: PriceList
    gate: Gate
    pace: Pace
    threshold: float
    retry_max_wait: float
    unpriced: Unpriced = field(default_factory=Unpriced)
    now_ms: Callable[[], int] = now_ms

    async def ask(
        self,
        topic: str,
        partition: int,
        questions: Sequence[Question],
        record: Recorder,
        attempts: int = 0,
        begin: Begin = untold,
        lasting: int | None = None,
    ) -> Answered:
        """One answer about 1 to 100 tickets of a source partition, however long the API is away.

        The pace was asked, and told that this call begins, by whoever chose its tickets.
        ``attempts`` are the calls that were made for them before. ``record`` gets every try that
        is not answered, at once; ``begin`` is told of every try before it is made. ``lasting`` is
        the partition's number, where that is another (streams.events.sources). Raises Refused
        when the request itself is the trouble, and NoMoney rather than try again.
        """
        case = _Case(self, topic, partition, questions, record, attempts, begin, lasting)
        try:
            return await case.ask()  # nearly always: without a retry's 50 microseconds
        except Failure as failure:
            await asyncio.sleep(self._pause(failure) * random.random())
        back_off = wait_random_exponential(multiplier=2 * FIRST_PAUSE, max=self.retry_max_wait)
        retrying = AsyncRetrying(
            wait=lambda state: back_off(state) if self._pause(_failure(state)) else 0.0,
            retry=retry_if_exception_type(Failure),
        )
        return await retrying(case.ask)

    def _pause(self, failure: Failure) -> float:
        """Longest pause in seconds after the first failure of this kind."""
        if failure.wait is not None or failure.recovery is Recovery.HOLD:
            return 0.0  # the gate itself makes everybody wait
        return min(FIRST_PAUSE, self.retry_max_wait)


class _Case:
    """All tries of one request."""

    def __init__(
        self,
        classifier: Classifier,
        topic: str,
        partition: int,
        questions: Sequence[Question],
        record: Recorder,
        attempts: int,
        begin: Begin,
        lasting: int | None,
    ) -> None:
        self._classifier = classifier
        self._books = CallRecords(
            classifier.tier, classifier.prompt, classifier.prices, classifier.unpriced,
            classifier.threshold, classifier.now_ms, topic, partition, questions, lasting,
        )  # fmt: skip
        self._record = record
        self._attempts = attempts
        self._begin = begin
        # Not to be guessed: a ticket's text might name an id to answer for another ticket.
        self._ids = new_ids(len(questions))
        self._request = classifier.prompt.request(
            self._ids, [question.part for question in questions]
        )
        self._size = self._books.size
        self._tally = classifier.gate.tally
        self._strikes = 0
        self._tried = False
        self._outcome: Reply | Failure | None = None

    async def ask(self) -> Answered:
        """One try. Raises Failure."""
        classifier = self._classifier
        if self._tried:  # the first one was begun by the dispatcher
            await until_paced(classifier.pace, classifier.tier)
            classifier.pace.begin(classifier.tier, *self._size)
        self._tried = True
        self._outcome = None
        try:
            return await self._try()
        finally:
            classifier.pace.end(classifier.tier, *self._size, self._outcome)

    async def _try(self) -> Answered:
        classifier = self._classifier
        async with classifier.gate.call():
            self._attempts += 1
            this = Try(uuid.uuid4().hex, classifier.now_ms(), self._attempts)
            sent = False
            try:
                await self._begin(self._books.unheard(this, ABANDONED, maybe_billed=True))
                classifier.gate.confirm()
                sent = True
                self._outcome = reply = await classifier.claude.ask(self._request)
            except Failure as failed:
                self._outcome = failed
                self._record(self._books.failed(this, failed))
                self._failed(failed)
                raise
            except asyncio.CancelledError:
                # Given up after the grace of a stop: it may be charged all the same.
                self._record(self._books.unheard(this, "cancelled", maybe_billed=sent))
                raise
        classifier.gate.succeeded()
        readings = read_message(
            reply.content, reply.stop_reason, classifier.prompt.names, self._ids
        )
        return Answered(self._books.answered(this, reply, readings), readings)

    def _failed(self, failure: Failure) -> None:
        """Tell the gate; raises Refused if the request is the trouble."""
        gate = self._classifier.gate
        if self._others_are_answered() and failure.status not in NEVER_THE_TICKET:
            self._strikes += 1
        gate.failed += 1
        self._tally = gate.tally
        if failure.recovery is Recovery.TICKET:
            gate.refused()
        most = GIVE_UP_TRIES if self._size[0] == 1 else GIVE_UP_SHARED
        if failure.recovery is Recovery.TICKET and not gate.proven:
            # It is what all requests have in common that is wrong, not these tickets.
            gate.hold(of_every_request(failure))
        elif failure.recovery is Recovery.TICKET or self._strikes >= most:
            raise Refused(failure, self._attempts) from failure
        elif failure.recovery is Recovery.HOLD:
            gate.hold(failure)
        elif failure.wait is not None:
            gate.pause(failure.wait)

    def _others_are_answered(self) -> bool:
        """Whether the API was well since this request's last failure, as others found it."""
        now = self._classifier.gate.tally
        answered = now.answered - self._tally.answered
        failed = now.failed - self._tally.failed
        return answered > 0 and answered >= GIVE_UP_HEALTH * (answered + failed)


def _failure(state: RetryCallState) -> Failure:
    """What the last try raised; a retry has no other reason."""
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, Failure):
        raise TypeError("only a Failure is tried again")
    return error
