"""One call: ask about its tickets, and do with each what its answer asks for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from streams.classify.answer import Reading, Verdict
from streams.classify.triage import LOW_CONFIDENCE, CallTier, Case, Lane, Triage, smaller
from streams.claude.classifier import Classifier, Refused
from streams.claude.pace import NoMoney
from streams.claude.question import Answered, Question
from streams.delivery.admission import value_of
from streams.delivery.desk import Desk
from streams.delivery.giving_up import GivingUp
from streams.delivery.work import Work
from streams.events.model import UNKNOWN, CallRecord, Classification, Share


class Processing:
    """The way of tickets through a call slot, from a lane to a result or to another lane.

    ``on_call`` is told of each call, answered or not, in the step that hands it over.
    """

    def __init__(
        self,
        classifiers: Mapping[CallTier, Classifier],
        triage: Triage,
        giving_up: GivingUp,
        on_call: Callable[[CallRecord], object] = lambda _: None,
    ) -> None:
        self._classifiers = classifiers
        self._triage = triage
        self._giving_up = giving_up
        self._on_call = on_call

    async def __call__(self, desk: Desk, lane: Lane, works: Sequence[Work]) -> Sequence[Work]:
        """Make one call about ``works``. Returns those that must wait again, with their new lane.

        The others have their result: a category or a dead letter. While the breaker is open none
        is asked about; see GivingUp.
        """
        if self._giving_up.stopped:
            return ()
        try:
            answered = await self._ask(desk, lane, works)
        except NoMoney:
            return works  # for who turns tickets away
        except Exception as error:
            if len(works) > 1:  # something in the request is the trouble: look for it in less
                for work in works:
                    work.lane = smaller(lane)
                return works
            self._give_up(desk, works[0], error)
            return ()
        # No await from here on: the call and what it brought belong into one transaction.
        self._hand_over(desk, answered.call)
        again = [
            work
            for work, reading, share in zip(
                works, answered.readings, answered.call.shares, strict=True
            )
            if self._waits_again(desk, work, reading, share, answered.call)
        ]
        for work in again:
            desk.ask_again(work)
        return again

    async def _ask(self, desk: Desk, lane: Lane, works: Sequence[Work]) -> Answered:
        def record(call: CallRecord) -> None:
            for work in works:
                work.attempts += 1
            self._hand_over(desk, call)

        source = works[0].source
        questions = [
            Question(work.source.offset, work.part, work.bound, work.books_value) for work in works
        ]
        attempts = max(work.attempts for work in works)
        classifier = self._classifiers[lane.tier]
        return await classifier.ask(
            source.topic,
            source.partition,
            questions,
            record,
            attempts,
            desk.begin_call,
            source.lasting,
        )

    def _waits_again(
        self, desk: Desk, work: Work, reading: Reading, share: Share, call: CallRecord
    ) -> bool:
        alone = len(call.shares) == 1
        work.attempts += 1
        work.tries += alone
        said_before = work.so_far.category if work.so_far else None
        work.so_far = _so_far(work.so_far, reading, share, call)
        value = value_of(work)
        case = Case(work.lane, alone, work.isolated, work.tries, said_before, value)
        step = self._triage.after(reading, case)
        if isinstance(step, Lane):
            if step.tier != work.lane.tier:
                work.tries = 0
            work.lane = step
            return True
        if isinstance(step.word, Verdict):
            result = (
                work.so_far if work.so_far.reason is None else replace(work.so_far, reason=None)
            )
        else:
            result = replace(work.so_far, category=UNKNOWN, confidence=0.0, reason=step.word)
        desk.finish(work, result)
        return False

    def _hand_over(self, desk: Desk, call: CallRecord) -> None:
        self._on_call(call)
        desk.add_call(call)

    def _give_up(self, desk: Desk, work: Work, error: Exception) -> None:
        if isinstance(error, Refused):
            failure = error.failure
            self._giving_up.give_up(desk, work, failure.error_type, str(failure), "classify")
        else:
            self._giving_up.fault_of_ours(desk, work, error)


def _so_far(
    before: Classification | None, reading: Reading, share: Share, call: CallRecord
) -> Classification:
    """What is known of a ticket after one more call: its last word, and what all of them cost.

    An unusable answer leaves the category that the first tier gave.
    """
    category, confidence = UNKNOWN, 0.0
    reason: str | None = LOW_CONFIDENCE if share.outcome == LOW_CONFIDENCE else None
    if isinstance(reading, Verdict):
        category, confidence = reading.category, reading.confidence
    else:
        reason = reading
        if before is not None:
            category, confidence = before.category, before.confidence
    return Classification(
        category=category,
        confidence=confidence,
        tier=call.tier,
        model=call.model,
        reason=reason,
        input_tokens=share.input_tokens + (before.input_tokens if before else 0),
        output_tokens=share.output_tokens + (before.output_tokens if before else 0),
        cost_picodollars=share.cost_picodollars + (before.cost_picodollars if before else 0),
        call_id=call.call_id,
        prompt_version=call.prompt_version,
        classified_at=call.ended_at,
        books_value=share.books_value,
    )
