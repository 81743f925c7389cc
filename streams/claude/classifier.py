"""One call for one or many tickets: sent until the API answers, and a record of every try.

The only place that tries again. How long a failure is waited for and when a request is given up
stands here; what kind of failure it was stands in failures.py, and what comes of each ticket in
classify/triage.py.
"""

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_random_exponential,
)

from streams.classify.answer import Reading, Verdict, read_message
from streams.classify.prompt import Prompt, new_ids
from streams.classify.triage import LOW_CONFIDENCE, CallTier
from streams.claude.bound import most_of_call
from streams.claude.client import Claude, Reply
from streams.claude.failures import Failure, Recovery
from streams.claude.gate import Gate
from streams.claude.pace import Pace, until_paced
from streams.claude.prices import NoPrice, PriceList, Usage, cost
from streams.claude.rate_headers import Bucket, RateLimits
from streams.claude.sharing import share_out
from streams.claude.unpriced import Unpriced
from streams.events.model import ABANDONED, UNKNOWN, UNPRICED, CallRecord, Share
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


class Question(NamedTuple):
    """One ticket, as a call asks about it: its offset, its part of the prompt, the most input
    tokens of that part, and what the books tell it apart by."""

    offset: int
    part: str
    bound: int
    books_value: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A call that the API answered, and what it says about each ticket, in order. Whoever commits
    one commits both."""

    call: CallRecord
    readings: Sequence[Reading]


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
    ) -> Answered:
        """One answer about 1 to 100 tickets of a source partition, however long the API is away.

        The pace was asked, and told that this call begins, by whoever chose its tickets.
        ``attempts`` are the calls that were made for them before. ``record`` gets every try that
        is not answered, at once; ``begin`` is told of every try before it is made. Raises Refused
        when the request itself is the trouble, and NoMoney rather than try again.
        """
        case = _Case(self, topic, partition, questions, record, attempts, begin)
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

    def outcome(self, reading: Reading) -> str:
        """What the books say of one ticket's answer."""
        if not isinstance(reading, Verdict):
            return reading
        return "ok" if reading.confidence >= self.threshold else LOW_CONFIDENCE


class _Case:
    """All tries of one request."""

    def __init__(
        self,
        desk: Classifier,
        topic: str,
        partition: int,
        questions: Sequence[Question],
        record: Recorder,
        attempts: int,
        begin: Begin,
    ) -> None:
        self._desk = desk
        self._topic = topic
        self._partition = partition
        self._questions = questions
        self._record = record
        self._attempts = attempts
        self._begin = begin
        # Not to be guessed: a ticket's text might name an id to answer for another ticket.
        self._ids = new_ids(len(questions))
        self._request = desk.prompt.request(self._ids, [question.part for question in questions])
        self._size = len(questions), sum(question.bound for question in questions)
        self._tally = desk.gate.tally
        self._strikes = 0
        self._tried = False
        self._outcome: Reply | Failure | None = None

    async def ask(self) -> Answered:
        """One try. Raises Failure."""
        desk = self._desk
        if self._tried:  # the first one was begun by the dispatcher
            await until_paced(desk.pace, desk.tier)
            desk.pace.begin(desk.tier, *self._size)
        self._tried = True
        self._outcome = None
        try:
            return await self._try()
        finally:
            desk.pace.end(desk.tier, *self._size, self._outcome)

    async def _try(self) -> Answered:
        desk = self._desk
        async with desk.gate.call():
            self._attempts += 1
            call_id = uuid.uuid4().hex
            started = desk.now_ms()
            sent = False
            try:
                await self._begin(
                    self._unheard(ABANDONED, None, None, call_id, started, maybe_billed=True)
                )
                desk.gate.confirm()
                sent = True
                self._outcome = reply = await desk.claude.ask(self._request)
            except Failure as failed:
                self._outcome = failed
                self._failed(failed, call_id, started)
                raise
            except asyncio.CancelledError:
                # Given up after the grace of a stop: it may be charged all the same.
                self._record(
                    self._unheard("cancelled", None, None, call_id, started, maybe_billed=sent)
                )
                raise
        desk.gate.succeeded()
        return self._answered(reply, call_id, started)

    def _answered(self, reply: Reply, call_id: str, started: int) -> Answered:
        desk = self._desk
        model, outcome, bound = reply.model, None, 0
        try:
            price = desk.prices.price(model, started)
            spent = cost(reply.usage, price)
        except NoPrice:
            # The answer is good, and paid for. What it cost is booked when there is a price; until
            # then there is the bound, by the model that was asked for.
            model, outcome, spent = desk.unpriced.note(model), UNPRICED, 0
            price = desk.prices.price(desk.prompt.model, started)
            bound = most_of_call(desk.prompt, desk.prices, *self._size, started)
        readings = read_message(reply.content, reply.stop_reason, desk.prompt.names, self._ids)
        shares = share_out(
            reply.usage,
            spent,
            price.band(reply.usage.prompt_tokens),
            [question.bound for question in self._questions],
        )
        told = [
            Share(
                question.offset,
                reading.category if isinstance(reading, Verdict) else UNKNOWN,
                *share,
                desk.outcome(reading),
                reading.confidence if isinstance(reading, Verdict) else 0.0,
                question.books_value,
            )
            for question, reading, share in zip(self._questions, readings, shares, strict=True)
        ]
        call = self._call(
            call_id, started, outcome or _whole(readings), model, 200, reply.request_id,
            reply.usage, spent, bound, told, reply.limits,
        )  # fmt: skip
        return Answered(call, readings)

    def _failed(self, failure: Failure, call_id: str, started: int) -> None:
        """Record the failure, tell the gate; raises Refused if the request is the trouble."""
        gate = self._desk.gate
        call = self._unheard(
            failure.error_type,
            failure.status,
            failure.request_id,
            call_id,
            started,
            maybe_billed=failure.maybe_billed,
            limits=failure.limits,
        )
        self._record(call)
        if self._others_are_answered() and failure.status not in NEVER_THE_TICKET:
            self._strikes += 1
        gate.failed += 1
        self._tally = gate.tally
        if failure.recovery is Recovery.TICKET:
            gate.refused()
        most = GIVE_UP_TRIES if len(self._questions) == 1 else GIVE_UP_SHARED
        if failure.recovery is Recovery.TICKET and not gate.proven:
            # It is what all requests have in common that is wrong, not these tickets.
            gate.hold(failure)
        elif failure.recovery is Recovery.TICKET or self._strikes >= most:
            raise Refused(failure, self._attempts) from failure
        elif failure.recovery is Recovery.HOLD:
            gate.hold(failure)
        elif failure.wait is not None:
            gate.pause(failure.wait)

    def _unheard(
        self,
        outcome: str,
        status: int | None,
        request_id: str | None,
        call_id: str,
        started: int,
        *,
        maybe_billed: bool,
        limits: RateLimits | None = None,
    ) -> CallRecord:
        """A call whose usage was never seen, with the most that it can have cost."""
        prompt, bound = self._desk.prompt, 0
        if maybe_billed:
            bound = most_of_call(prompt, self._desk.prices, *self._size, started)
        shares = [
            Share(question.offset, UNKNOWN, 0, 0, 0, outcome, books_value=question.books_value)
            for question in self._questions
        ]
        return self._call(
            call_id, started, outcome, prompt.model, status, request_id, Usage(), 0, bound, shares,
            limits,
        )  # fmt: skip

    def _others_are_answered(self) -> bool:
        """Whether the API was well since this request's last failure, as others found it."""
        now = self._desk.gate.tally
        answered = now.answered - self._tally.answered
        failed = now.failed - self._tally.failed
        return answered > 0 and answered >= GIVE_UP_HEALTH * (answered + failed)

    def _call(
        self,
        call_id: str,
        started: int,
        outcome: str,
        model: str,
        status: int | None,
        request_id: str | None,
        usage: Usage,
        cost: int,
        unsettled: int,
        shares: Sequence[Share],
        limits: RateLimits | None,
    ) -> CallRecord:
        desk = self._desk
        told = limits or RateLimits(None, None, None)
        return CallRecord(
            call_id=call_id,
            started_at=started,
            ended_at=desk.now_ms(),
            tier=desk.tier,
            requested_model=desk.prompt.model,
            model=model,
            prompt_version=desk.prompt.version,
            attempt=self._attempts,
            outcome=outcome,
            status=status,
            request_id=request_id,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_write_5m_tokens=usage.cache_write_5m,
            cache_write_1h_tokens=usage.cache_write_1h,
            cache_read_tokens=usage.cache_read,
            cost_picodollars=cost,
            unsettled_picodollars=unsettled,
            source_topic=self._topic,
            source_partition=self._partition,
            shares=tuple(shares),
            requests_limit=_a_minute(told.requests),
            input_tokens_limit=_a_minute(told.input_tokens),
            output_tokens_limit=_a_minute(told.output_tokens),
        )


def _a_minute(bucket: Bucket | None) -> int | None:
    return None if bucket is None else bucket.limit


def _whole(readings: Sequence[Reading]) -> str:
    """The outcome of a call, from what it says about each ticket."""
    reasons = {"ok" if isinstance(reading, Verdict) else reading for reading in readings}
    return reasons.pop() if len(reasons) == 1 else "incomplete"


def _failure(state: RetryCallState) -> Failure:
    """What the last try raised; a retry has no other reason."""
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, Failure):
        raise TypeError("only a Failure is tried again")
    return error
