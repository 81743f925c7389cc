"""One ticket to its category: calls, retries, and a record of every call.

The only place that tries again. How long a failure is waited for and when a ticket is given up
stands here; what kind of failure it was stands in failures.py.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_random_exponential,
)

from streams.classify.answer import BadAnswer, Verdict, read_message
from streams.classify.prompt import Prompt
from streams.claude.client import Claude, Reply
from streams.claude.failures import Failure, Recovery, no_price
from streams.claude.gate import Gate
from streams.claude.prices import NoPrice, PriceList, Usage
from streams.events.model import UNKNOWN, CallRecord, Classification, Share, Source, Ticket
from streams.settings import Settings

FIRST_PAUSE = 0.25
"""Longest pause in seconds after a first failure; it doubles up to the setting."""

GIVE_UP_TRIES = 12
GIVE_UP_HEALTH = 0.9
"""A ticket is its own trouble when this many tries failed, and before each of them at least this
share of the other calls was answered. Anything less is an outage, and an outage is waited for."""

NEVER_THE_TICKET = (401, 402, 429)
"""The key, the bill, the rate: whatever the others get, no ticket is given up for these."""

Recorder = Callable[[CallRecord, Classification | None], None]
"""Takes a call that brought no result, and what the ticket's calls cost so far if this one cost."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A ticket's category, and the call that gave it: whoever commits one commits both."""

    classification: Classification
    call: CallRecord | None


class Unanswerable(Exception):  # noqa: N818  the ticket's fault, not ours
    """No call for this ticket will be answered. ``cost`` is what its calls cost so far."""

    def __init__(self, failure: Failure, attempts: int, cost: int) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.attempts = attempts
        self.cost = cost


class Classifier:
    """Shared by all tickets of a worker; ``now_ms`` gives UTC epoch milliseconds."""

    def __init__(
        self,
        claude: Claude,
        prompt: Prompt,
        prices: PriceList,
        gate: Gate,
        settings: Settings,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._claude = claude
        self._prompt = prompt
        self._prices = prices
        self._gate = gate
        self._settings = settings
        self._now_ms = now_ms

    async def classify(
        self,
        source: Source,
        ticket: Ticket,
        record: Recorder,
        so_far: Classification | None = None,
    ) -> Answered:
        """The ticket's category, and its last call. ``record`` gets every earlier call at once.

        ``so_far`` is what calls for it have cost before, in this worker or another.

        Raises Unanswerable when the ticket itself is the trouble.
        """
        if not ticket.text.strip() and not (ticket.subject or "").strip():
            return Answered(self._without_call("empty_text"), None)
        case = _Case(self, source, ticket, record, so_far)
        for tries_left in reversed(range(self._settings.answer_attempts)):
            call = await case.ask_until_answered()
            if case.verdict is not None or not tries_left:
                break
            record(call, case.result(call))
        return Answered(case.result(call), call)

    def _without_call(self, reason: str) -> Classification:
        return Classification(
            category=UNKNOWN,
            confidence=0.0,
            tier="none",
            model=None,
            reason=reason,
            input_tokens=0,
            output_tokens=0,
            cost_picodollars=0,
            call_id=None,
            prompt_version=self._prompt.version,
            classified_at=self._now_ms(),
        )


class _Case:
    """All calls for one ticket, and what they cost together."""

    def __init__(
        self,
        desk: Classifier,
        source: Source,
        ticket: Ticket,
        record: Recorder,
        so_far: Classification | None,
    ) -> None:
        self._desk = desk
        self._source = source
        self._record = record
        self._request = desk._prompt.request(ticket)
        self._attempts = 0
        self._input_tokens = so_far.input_tokens if so_far else 0
        self._output_tokens = so_far.output_tokens if so_far else 0
        self._cost = so_far.cost_picodollars if so_far else 0
        self._tally = desk._gate.tally
        self._strikes = 0
        self.verdict: Verdict | None = None
        self._reason: str | None = None

    async def ask_until_answered(self) -> CallRecord:
        """Call until the API answers, however long it is away."""
        try:
            return await self._ask()  # nearly always: without a retry's 50 microseconds
        except Failure as failure:
            await asyncio.sleep(self._pause(failure) * random.random())
        back_off = wait_random_exponential(
            multiplier=2 * FIRST_PAUSE, max=self._desk._settings.retry_max_wait
        )
        retrying = AsyncRetrying(
            wait=lambda state: back_off(state) if self._pause(_failure(state)) else 0.0,
            retry=retry_if_exception_type(Failure),
        )
        return await retrying(self._ask)

    def _pause(self, failure: Failure) -> float:
        """Longest pause in seconds after the first failure of this kind."""
        if failure.wait is not None or failure.recovery is Recovery.HOLD:
            return 0.0  # the gate itself makes everybody wait
        return min(FIRST_PAUSE, self._desk._settings.retry_max_wait)

    async def _ask(self) -> CallRecord:
        gate = self._desk._gate
        async with gate.call():
            self._attempts += 1
            call_id = uuid.uuid4().hex
            started = self._desk._now_ms()
            try:
                reply = await self._desk._claude.ask(self._request)
                cost = self._desk._prices.cost(reply.model, reply.usage, started)
            except NoPrice as unpriced:
                failure = no_price(unpriced.model)
                self._failed(failure, call_id, started)
                raise failure from unpriced
            except Failure as failed:
                self._failed(failed, call_id, started)
                raise
            except asyncio.CancelledError:
                # Given up after the grace of a stop: it may be charged all the same.
                self._unanswered("cancelled", None, None, call_id, started, maybe_billed=True)
                raise
        gate.succeeded()
        return self._answered(reply, cost, call_id, started)

    def _answered(self, reply: Reply, cost: int, call_id: str, started: int) -> CallRecord:
        outcome, category = "ok", UNKNOWN
        try:
            self.verdict = read_message(reply.content, reply.stop_reason, self._desk._prompt.names)
            category = self.verdict.category
        except BadAnswer as bad:
            outcome = self._reason = bad.reason
        self._input_tokens += reply.usage.prompt_tokens
        self._output_tokens += reply.usage.output_tokens
        self._cost += cost
        return self._call(
            call_id, started, outcome, reply.model, 200, reply.request_id, reply.usage, cost, 0,
            category,
        )  # fmt: skip

    def _failed(self, failure: Failure, call_id: str, started: int) -> None:
        """Record the failure, tell the gate; raises Unanswerable if the ticket is the trouble."""
        gate = self._desk._gate
        self._unanswered(
            failure.error_type,
            failure.status,
            failure.request_id,
            call_id,
            started,
            maybe_billed=failure.maybe_billed,
        )
        if self._others_are_answered() and failure.status not in NEVER_THE_TICKET:
            self._strikes += 1
        gate.failed += 1
        self._tally = gate.tally
        if failure.recovery is Recovery.TICKET:
            gate.refused()
        if failure.recovery is Recovery.TICKET and not gate.proven:
            # It is what all requests have in common that is wrong, not this ticket.
            gate.hold(failure)
        elif failure.recovery is Recovery.TICKET or self._strikes >= GIVE_UP_TRIES:
            raise Unanswerable(failure, self._attempts, self._cost) from failure
        elif failure.recovery is Recovery.HOLD:
            gate.hold(failure)
        elif failure.wait is not None:
            gate.pause(failure.wait)

    def _unanswered(
        self,
        outcome: str,
        status: int | None,
        request_id: str | None,
        call_id: str,
        started: int,
        *,
        maybe_billed: bool,
    ) -> None:
        """Record a call whose usage was never seen, with the most that it can have cost."""
        desk, model = self._desk, self._desk._settings.model
        most = desk._prompt.upper_bound(self._request), desk._settings.max_tokens
        bound = desk._prices.upper_bound(model, *most, started) if maybe_billed else 0
        self._record(
            self._call(
                call_id, started, outcome, model, status, request_id, Usage(), 0, bound, UNKNOWN
            ),
            None,
        )

    def _others_are_answered(self) -> bool:
        """Whether the API was well since this ticket's last failure, as others found it."""
        now = self._desk._gate.tally
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
        category: str,
    ) -> CallRecord:
        share = Share(self._source.offset, category, usage.prompt_tokens, usage.output_tokens, cost)
        return CallRecord(
            call_id=call_id,
            started_at=started,
            ended_at=self._desk._now_ms(),
            tier="first",
            requested_model=self._desk._settings.model,
            model=model,
            prompt_version=self._desk._prompt.version,
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
            source_topic=self._source.topic,
            source_partition=self._source.partition,
            shares=(share,),
        )

    def result(self, last: CallRecord) -> Classification:
        """What is known when the calls are over; ``last`` is the final call."""
        verdict = self.verdict or Verdict(UNKNOWN, 0.0)
        return Classification(
            category=verdict.category,
            confidence=verdict.confidence,
            tier=last.tier,
            model=last.model,
            reason=None if self.verdict else self._reason,
            input_tokens=self._input_tokens,
            output_tokens=self._output_tokens,
            cost_picodollars=self._cost,
            call_id=last.call_id,
            prompt_version=last.prompt_version,
            classified_at=last.ended_at,
        )


def _failure(state: RetryCallState) -> Failure:
    """What the last try raised; a retry has no other reason."""
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, Failure):
        raise TypeError("only a Failure is tried again")
    return error
