"""What the books are told of a call: who asked what, what came of it, what it cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from streams.classify.answer import Reading, Verdict
from streams.classify.prompt import Prompt
from streams.classify.triage import LOW_CONFIDENCE, CallTier
from streams.claude.bound import most_of_call
from streams.claude.client import Reply
from streams.claude.failures import Failure
from streams.claude.prices import NoPrice, PriceList, Usage, cost
from streams.claude.question import Question
from streams.claude.rate_headers import Bucket, RateLimits
from streams.claude.sharing import share_out
from streams.claude.unpriced import Unpriced
from streams.events.model import UNKNOWN, UNPRICED, CallRecord, Share


class Try(NamedTuple):
    """One call of a request: its id, when it began (UTC epoch ms), and the how manyth it is for
    its tickets."""

    call_id: str
    started: int
    attempt: int


@dataclass(frozen=True, slots=True)
class CallRecords:
    """Records of the calls of one request, about ``questions`` of a source partition.

    An answer below ``threshold`` counts as unsure; ``now_ms`` gives UTC epoch milliseconds.
    """

    tier: CallTier
    prompt: Prompt
    prices: PriceList
    unpriced: Unpriced
    threshold: float
    now_ms: Callable[[], int]
    topic: str
    partition: int
    questions: Sequence[Question]

    @property
    def size(self) -> tuple[int, int]:
        """Tickets, and the most input tokens of their parts."""
        return len(self.questions), sum(question.bound for question in self.questions)

    def answered(self, this: Try, reply: Reply, readings: Sequence[Reading]) -> CallRecord:
        """A call that was answered; each ticket bears its share of the cost."""
        model, outcome, bound = reply.model, None, 0
        try:
            price = self.prices.price(model, this.started)
            spent = cost(reply.usage, price)
        except NoPrice:
            # The answer is good, and paid for. What it cost is booked when there is a price; until
            # then there is the bound, by the model that was asked for.
            model, outcome, spent = self.unpriced.note(model), UNPRICED, 0
            price = self.prices.price(self.prompt.model, this.started)
            bound = most_of_call(self.prompt, self.prices, *self.size, this.started)
        shares = share_out(
            reply.usage,
            spent,
            price.band(reply.usage.prompt_tokens),
            [question.bound for question in self.questions],
        )
        told = [
            Share(
                question.offset,
                reading.category if isinstance(reading, Verdict) else UNKNOWN,
                *share,
                self._outcome(reading),
                reading.confidence if isinstance(reading, Verdict) else 0.0,
                question.books_value,
            )
            for question, reading, share in zip(self.questions, readings, shares, strict=True)
        ]
        return self._call(
            this, outcome or _whole(readings), model, 200, reply.request_id,
            reply.usage, spent, bound, told, reply.limits,
        )  # fmt: skip

    def failed(self, this: Try, failure: Failure) -> CallRecord:
        """A call that brought no answer."""
        return self.unheard(
            this,
            failure.error_type,
            failure.status,
            failure.request_id,
            maybe_billed=failure.maybe_billed,
            limits=failure.limits,
        )

    def unheard(
        self,
        this: Try,
        outcome: str,
        status: int | None = None,
        request_id: str | None = None,
        *,
        maybe_billed: bool,
        limits: RateLimits | None = None,
    ) -> CallRecord:
        """A call whose usage was never seen, with the most that it can have cost."""
        bound = 0
        if maybe_billed:
            bound = most_of_call(self.prompt, self.prices, *self.size, this.started)
        shares = [
            Share(question.offset, UNKNOWN, 0, 0, 0, outcome, books_value=question.books_value)
            for question in self.questions
        ]
        return self._call(
            this, outcome, self.prompt.model, status, request_id, Usage(), 0, bound, shares, limits
        )

    def _outcome(self, reading: Reading) -> str:
        """What the books say of one ticket's answer."""
        if not isinstance(reading, Verdict):
            return reading
        return "ok" if reading.confidence >= self.threshold else LOW_CONFIDENCE

    def _call(
        self,
        this: Try,
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
        told = limits or RateLimits(None, None, None)
        return CallRecord(
            call_id=this.call_id,
            started_at=this.started,
            ended_at=self.now_ms(),
            tier=self.tier,
            requested_model=self.prompt.model,
            model=model,
            prompt_version=self.prompt.version,
            attempt=this.attempt,
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
            source_topic=self.topic,
            source_partition=self.partition,
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
