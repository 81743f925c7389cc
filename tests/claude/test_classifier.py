"""Calls about one ticket until it has its category, with a scripted API and in virtual time."""

import asyncio
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from streams.books.rows import errors_of_call, spend_of_call
from streams.classify.triage import Triage
from streams.claude.classifier import (
    GIVE_UP_SHARED,
    GIVE_UP_TRIES,
    Classifier,
    Refused,
)
from streams.claude.client import Reply
from streams.claude.failures import Failure, Recovery, malformed
from streams.claude.gate import MOST_REFUSED, Gate
from streams.claude.pace import Unpaced
from streams.claude.prices import Usage, price_list
from streams.claude.question import Question
from streams.claude.rate_headers import Bucket, RateLimits
from streams.claude.tiers import prompt_of
from streams.delivery.breaker import Breaker
from streams.delivery.giving_up import GivingUp
from streams.delivery.processing import Processing
from streams.delivery.work import DeadLetter, Result, Work
from streams.events.model import CallRecord, Classification, Source, Ticket
from streams.events.wire import decode_call, encode_call
from streams.settings import Settings
from tests.claude.virtual_time import now, run
from tests.delivery.desk import FakeDesk

MODEL = "claude-haiku-5-5"
USAGE = Usage(200, 20, inference_geo="global")
COST = 200 * 100_000 + 20 * 500_000  # pico-dollars
SOURCE = Source("tickets", 3, 41)
TICKET = Ticket("t1", "I was charged twice")

NETWORK = Failure("network", Recovery.RETRY, "it broke", maybe_billed=True)
SERVER = Failure("api_error", Recovery.RETRY, "trouble", 500, "req_500")
BAD_KEY = Failure("authentication_error", Recovery.HOLD, "set ANTHROPIC_API_KEY", 401)
FORBIDDEN = Failure("permission_error", Recovery.HOLD, "see the key's workspace", 403)
REFUSED = Failure("invalid_request_error", Recovery.TICKET, "refused", 400, "req_400")


def busy(wait: float | None) -> Failure:
    return Failure("rate_limit_error", Recovery.RETRY, "slow down", 429, wait=wait)


def answer(
    text: str = '{"category":"billing","confidence":0.9}',
    model: str = MODEL,
    stop_reason: str = "end_turn",
    usage: Usage = USAGE,
) -> Reply:
    content = [{"type": "text", "text": text}]
    return Reply(model, content, stop_reason, usage, f"req_{len(text)}")


BAD = answer("I would say billing.")
Outcome = Reply | Failure


class FakeClaude:
    """Takes a second for each call; ``script`` decides by the ticket's text what comes of it."""

    def __init__(self, script: Callable[[str], Outcome]) -> None:
        self._script = script
        self.calls = 0

    async def ask(self, request: Mapping[str, Any]) -> Reply:
        self.calls += 1
        await asyncio.sleep(1)
        outcome = self._script(request["messages"][0]["content"])
        if isinstance(outcome, Failure):
            raise outcome
        return outcome


def in_order(*outcomes: Outcome) -> Callable[[str], Outcome]:
    """The script of one ticket's calls."""
    left = iter(outcomes)
    return lambda _: next(left)


@dataclass(frozen=True)
class Answered:
    """A ticket's category, and the call that gave it."""

    classification: Classification
    call: CallRecord


class GivenUp(Exception):  # noqa: N818
    """The ticket became a dead letter."""

    def __init__(self, letter: DeadLetter) -> None:
        super().__init__(letter.message)
        self.letter = letter


@dataclass
class Ticketing(FakeDesk):
    """Where one ticket's calls are told: at once, but for the one that brings its result."""

    shared: list[CallRecord] = field(default_factory=list)

    def add_call(self, call: CallRecord) -> None:
        super().add_call(call)
        self.shared.append(call)

    def finish(self, item: Work, result: Result) -> None:
        super().finish(item, result)
        if isinstance(result, Classification):
            self.shared.pop()


@dataclass
class Desk:
    """A classifier with everything around it, and no second tier."""

    script: Callable[[str], Outcome]
    changes: dict[str, Any] = field(default_factory=dict)
    records: list[CallRecord] = field(default_factory=list)
    so_far: list[Classification | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = Settings(**self.changes)
        self.claude = FakeClaude(self.script)
        self.gate = Gate(clock=now)
        self.prompt = prompt_of(settings, MODEL)
        self.classifier = Classifier(
            tier="first",
            claude=self.claude,  # type: ignore[arg-type]
            prompt=self.prompt,
            prices=price_list(),
            gate=self.gate,
            pace=Unpaced(),
            threshold=settings.escalation_threshold,
            retry_max_wait=settings.retry_max_wait,
            now_ms=lambda: round(now() * 1_000),
        )
        attempts = settings.answer_attempts
        triage = Triage(batch_size=25, threshold=0, escalates=False, cap=0, attempts=attempts)
        giving_up = GivingUp(Breaker(1.0, 1, pytest.fail))
        self.process = Processing({"first": self.classifier}, triage, giving_up)

    def question(self, text: str, offset: int = SOURCE.offset) -> Question:
        part = self.prompt.part(Ticket("t1", text))
        return Question(offset, part, self.prompt.part_bound(part))

    async def classify(
        self, text: str = TICKET.text, so_far: Classification | None = None
    ) -> Answered:
        question = self.question(text)
        item = Work(SOURCE, None, None, 0, (), Ticket("t1", text), so_far=so_far)
        item.part, item.bound = question.part, question.bound
        desk = Ticketing(shared=self.records)
        waiting = [item]
        while waiting:
            waiting = list(await self.process(desk, item.lane, waiting))
            self.so_far += [work.so_far for work in waiting]
        [result] = desk.results
        if isinstance(result, DeadLetter):
            raise GivenUp(result)
        assert isinstance(result, Classification)
        return Answered(result, desk.records[-1])

    def bound(self) -> int:
        most = self.prompt.fixed_bound + self.question(TICKET.text).bound
        return price_list().upper_bound(MODEL, most, self.prompt.max_tokens(1), 0)


def outcomes(desk: Desk) -> list[str]:
    return [record.outcome for record in desk.records]


def test_a_good_answer_is_a_classification_and_its_call() -> None:
    async def main() -> None:
        desk = Desk(in_order(answer()))
        answered = await desk.classify()
        result, call = answered.classification, answered.call
        assert desk.records == []  # the last call is committed with the ticket, not before it
        assert (result.category, result.confidence, result.reason) == ("billing", 0.9, None)
        assert (result.model, result.tier, result.call_id) == (MODEL, "first", call.call_id)
        assert (result.input_tokens, result.output_tokens) == (200, 20)
        assert result.cost_picodollars == call.cost_picodollars == COST
        assert (call.outcome, call.status, call.attempt) == ("ok", 200, 1)
        assert call.usage_seen
        assert call.ended_at - call.started_at == 1_000
        assert result.classified_at == call.ended_at
        assert (call.source_topic, call.source_partition) == ("tickets", 3)
        [share] = call.shares
        assert (share.source_offset, share.category, share.cost_picodollars) == (
            41,
            "billing",
            COST,
        )
        assert (share.input_tokens, share.output_tokens) == (200, 20)
        assert decode_call(encode_call(call)) == call

    run(main)


def test_an_answer_that_cannot_be_read_is_asked_for_again_and_both_are_paid_for() -> None:
    async def main() -> None:
        desk = Desk(in_order(BAD, answer()))
        answered = await desk.classify()
        [first], second = desk.records, answered.call
        assert (first.outcome, second.outcome) == ("not_json", "ok")
        assert (first.attempt, second.attempt) == (1, 2)
        assert first.call_id != second.call_id
        result = answered.classification
        assert (result.category, result.reason) == ("billing", None)
        assert result.cost_picodollars == first.cost_picodollars + second.cost_picodollars
        assert (result.input_tokens, result.output_tokens) == (400, 40)
        assert first.shares[0].category == "unknown"
        assert first.usage_seen
        [so_far] = desk.so_far
        assert so_far is not None
        assert so_far.cost_picodollars == first.cost_picodollars

    run(main)


def test_what_a_ticket_cost_before_is_in_what_it_costs() -> None:
    async def main() -> None:
        desk = Desk(in_order(BAD, answer(), answer()))
        alone = (await desk.classify()).classification
        [so_far] = desk.so_far
        after = (await desk.classify(so_far=so_far)).classification
        assert so_far is not None
        assert alone == replace(after, call_id=alone.call_id, classified_at=alone.classified_at)

    run(main)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (BAD, "not_json"),
        (answer(""), "empty"),
        (answer("{", stop_reason="max_tokens"), "max_tokens"),
        (answer("", stop_reason="refusal"), "refusal"),
        (answer('{"category":"weather","confidence":1}'), "not_in_categories"),
        (answer('{"category":"billing","confidence":-1}'), "bad_confidence"),
    ],
)
def test_two_answers_that_cannot_be_read_make_it_unknown(reply: Reply, reason: str) -> None:
    async def main() -> None:
        desk = Desk(in_order(reply, reply))
        answered = await desk.classify()
        result, last = answered.classification, answered.call
        assert (result.category, result.confidence, result.reason) == ("unknown", 0.0, reason)
        calls = [*desk.records, last]
        assert [call.outcome for call in calls] == [reason, reason]
        assert result.cost_picodollars == sum(call.cost_picodollars for call in calls) == 2 * COST
        assert desk.claude.calls == 2
        assert result.call_id == last.call_id

    run(main)


def test_an_answer_is_asked_for_as_often_as_the_setting_says() -> None:
    async def main() -> None:
        desk = Desk(lambda _: BAD, {"answer_attempts": 5})
        answered = await desk.classify()
        assert (desk.claude.calls, len(desk.records)) == (5, 4)
        assert answered.classification.cost_picodollars == 5 * COST

    run(main)


def test_a_429_is_waited_out_by_everybody() -> None:
    async def main() -> None:
        desk, began = Desk(in_order(busy(40), answer(), answer())), now()
        first = asyncio.create_task(desk.classify())
        await asyncio.sleep(5)
        second = asyncio.create_task(desk.classify())
        await asyncio.sleep(30)
        assert desk.claude.calls == 1
        for answered in await asyncio.gather(first, second):
            assert answered.classification.category == "billing"
            assert answered.classification.cost_picodollars == COST
        assert now() - began == pytest.approx(42)  # a call, the wait, a call
        [record] = desk.records
        assert (record.outcome, record.status) == ("rate_limit_error", 429)
        assert (record.cost_picodollars, record.unsettled_picodollars) == (0, 0)

    run(main)


def test_a_429_without_a_wait_backs_off() -> None:
    async def main() -> None:
        desk = Desk(in_order(*[busy(None)] * 30, answer()), {"retry_max_wait": 30.0})
        began = now()
        assert (await desk.classify()).classification.category == "billing"
        assert now() - began > 100
        assert outcomes(desk) == ["rate_limit_error"] * 30

    run(main)


def test_a_bad_key_holds_all_calls_and_they_go_on_by_themselves() -> None:
    async def main() -> None:
        mended_at = now() + 1_000
        desk = Desk(lambda _: answer() if now() > mended_at else BAD_KEY)
        tasks = [asyncio.create_task(desk.classify(f"ticket {n}")) for n in range(50)]
        await asyncio.sleep(500)
        held = desk.gate.held
        assert held is BAD_KEY
        assert desk.claude.calls < 100  # 50 in flight at first, then a probe at a time
        answers = await asyncio.gather(*tasks)
        assert now() - mended_at < 60
        assert len(answers) == 50
        assert all(answered.classification.category == "billing" for answered in answers)
        held = desk.gate.held
        assert held is None
        assert set(outcomes(desk)) == {"authentication_error"}
        assert all(
            call.cost_picodollars == call.unsettled_picodollars == 0 for call in desk.records
        )

    run(main)


@pytest.mark.parametrize("status", [401, 402])
def test_a_key_that_comes_and_goes_costs_no_ticket(status: int) -> None:
    """Half of the calls are refused for the key, while the others are answered."""

    async def main() -> None:
        failure = Failure("authentication_error", Recovery.HOLD, "the key", status)
        dice = random.Random(5)

        def script(content: str) -> Outcome:
            return failure if "unlucky" in content and dice.random() < 0.97 else answer()

        desk = Desk(script)

        async def others() -> None:
            while True:
                await desk.classify("lucky")

        background = [asyncio.create_task(others()) for _ in range(10)]
        answered = await desk.classify("unlucky")
        assert answered.classification.category == "billing"
        assert len(desk.records) > GIVE_UP_TRIES
        for task in background:
            task.cancel()

    run(main)


def test_a_refusal_before_any_answer_is_our_request_s_fault() -> None:
    async def main() -> None:
        mended_at = now() + 300
        desk = Desk(lambda _: answer() if now() > mended_at else REFUSED)
        tasks = [asyncio.create_task(desk.classify()) for _ in range(10)]
        await asyncio.sleep(200)
        held = desk.gate.held
        assert held is not None
        assert (held.error_type, held.status) == (REFUSED.error_type, REFUSED.status)
        assert "every request" in str(held)  # and what to look at, for a person has to
        assert "ANTHROPIC_BASE_URL" in str(held)
        answers = await asyncio.gather(*tasks)
        assert all(answered.classification.category == "billing" for answered in answers)

    run(main)


def test_a_refusal_after_an_answer_is_the_ticket_s_fault() -> None:
    async def main() -> None:
        desk = Desk(in_order(answer(), BAD, SERVER, REFUSED))
        await desk.classify()
        with pytest.raises(GivenUp) as caught:
            await desk.classify()
        assert caught.value.letter.error_type == REFUSED.error_type
        assert (caught.value.letter.attempts, caught.value.letter.cost_picodollars) == (3, COST)
        assert outcomes(desk) == ["not_json", "api_error", "invalid_request_error"]
        assert sum(call.cost_picodollars for call in desk.records) == COST
        assert desk.records[-1].request_id == "req_400"
        assert desk.gate.held is None
        assert TICKET.text not in str(caught.value)

    run(main)


def test_when_all_are_refused_in_the_middle_of_a_run_the_rest_is_kept() -> None:
    async def main() -> None:
        mended_at = now() + 600
        began = now()
        desk = Desk(lambda _: answer() if now() < began + 10 or now() > mended_at else REFUSED)
        lost = done = 0

        async def work() -> None:
            nonlocal lost, done
            for _ in range(50):
                try:
                    await desk.classify()
                    done += 1
                except GivenUp:
                    lost += 1

        await asyncio.gather(*(work() for _ in range(10)))
        assert now() > mended_at
        assert lost <= MOST_REFUSED
        assert done + lost == 500

    run(main)


def test_network_failures_are_retried_for_hours_and_stand_in_the_books() -> None:
    async def main() -> None:
        back_at = now() + 6 * 3600
        desk = Desk(lambda _: answer() if now() > back_at else NETWORK, {"retry_max_wait": 30.0})
        tasks = [asyncio.create_task(desk.classify(TICKET.text)) for _ in range(5)]
        answers = await asyncio.gather(*tasks)
        assert all(answered.classification.category == "billing" for answered in answers)
        assert now() - back_at < 120
        assert len(desk.records) > 1_000
        for record in desk.records:
            assert (record.outcome, record.status) == ("network", None)
            assert (record.cost_picodollars, record.unsettled_picodollars) == (0, desk.bound())
            assert not record.usage_seen
        assert desk.bound() > COST
        assert {answered.classification.cost_picodollars for answered in answers} == {COST}
        assert len({record.call_id for record in desk.records}) == len(desk.records)

    run(main)


def test_a_request_that_was_never_sent_has_no_bound() -> None:
    async def main() -> None:
        refused = Failure("network", Recovery.RETRY, "refused", maybe_billed=False)
        desk = Desk(in_order(refused, answer()))
        await desk.classify()
        assert [record.unsettled_picodollars for record in desk.records] == [0]

    run(main)


@pytest.mark.parametrize("failure", [SERVER, NETWORK, malformed(), FORBIDDEN])
def test_a_ticket_that_alone_fails_is_given_up(failure: Failure) -> None:
    async def main() -> None:
        desk = Desk(lambda content: failure if "poison" in content else answer())

        async def others() -> None:
            while True:
                await desk.classify("fine")

        background = [asyncio.create_task(others()) for _ in range(20)]
        await asyncio.sleep(10)
        with pytest.raises(GivenUp) as caught:
            async with asyncio.timeout(3_600):
                await desk.classify("poison")
        assert GIVE_UP_TRIES <= caught.value.letter.attempts <= GIVE_UP_TRIES + 3
        assert caught.value.letter.cost_picodollars == 0
        assert len(desk.records) == caught.value.letter.attempts
        await asyncio.sleep(60)
        held = desk.gate.held
        assert held is None
        for task in background:
            task.cancel()

    run(main)


def test_what_happened_in_an_outage_does_not_protect_a_ticket_for_ever() -> None:
    async def main() -> None:
        over = now() + 900
        desk = Desk(
            lambda content: SERVER if "poison" in content or now() < over else answer(),
            {"retry_max_wait": 5.0},
        )
        others = [asyncio.create_task(desk.classify("fine")) for _ in range(50)]
        poison = asyncio.create_task(desk.classify("poison"))
        await asyncio.gather(*others)

        async def quiet_traffic() -> None:
            while True:
                await desk.classify("fine")

        traffic = asyncio.create_task(quiet_traffic())
        with pytest.raises(GivenUp):
            await poison
        assert now() < over + 600
        traffic.cancel()

    run(main)


def test_a_ticket_that_is_always_too_early_is_never_given_up() -> None:
    """429 is about the rate, not about the ticket."""

    async def main() -> None:
        times = 0

        def script(content: str) -> Outcome:
            nonlocal times
            if "unlucky" in content:
                times += 1
                if times <= 3 * GIVE_UP_TRIES:
                    return busy(0.1)
            return answer()

        desk = Desk(script)

        async def others() -> None:
            while True:
                await desk.classify("fine")

        background = [asyncio.create_task(others()) for _ in range(20)]
        assert (await desk.classify("unlucky")).classification.category == "billing"
        for task in background:
            task.cancel()

    run(main)


@pytest.mark.parametrize("failure", [SERVER, NETWORK, busy(None), BAD_KEY, FORBIDDEN])
@pytest.mark.parametrize("tickets", [1, 2, 30])
def test_nothing_is_given_up_in_a_general_outage(failure: Failure, tickets: int) -> None:
    async def main() -> None:
        mended_at = now() + 7_200
        desk = Desk(lambda _: answer() if not 20 < now() - began < 7_220 else failure)
        began = now()
        await desk.classify()
        await asyncio.sleep(25)
        answers = await asyncio.gather(*(desk.classify(f"{n}") for n in range(tickets)))
        assert len(answers) == tickets
        assert now() > mended_at

    run(main)


def test_one_more_failure_right_after_an_outage_is_no_reason_to_give_up() -> None:
    async def main() -> None:
        began, stumbles = now(), 3

        def script(content: str) -> Outcome:
            nonlocal stumbles
            if now() < began + 3_600:
                return SERVER
            if "unlucky" in content and stumbles:
                stumbles -= 1
                return SERVER
            return answer()

        desk = Desk(script)
        unlucky = asyncio.create_task(desk.classify("unlucky"))
        await asyncio.sleep(3_500)
        await desk.classify("another, answered at once when the outage is over")
        assert (await unlucky).classification.category == "billing"

    run(main)


@pytest.mark.parametrize("failing", [0.3, 0.6])
def test_nothing_is_given_up_while_a_part_of_all_calls_fails(failing: float) -> None:
    async def main() -> None:
        dice = random.Random(3)
        desk = Desk(lambda _: SERVER if dice.random() < failing else answer())

        async def work() -> None:
            for _ in range(40):
                await desk.classify()

        await asyncio.gather(*(work() for _ in range(20)))
        assert desk.gate.answered == 800

    run(main)


def test_an_answer_of_a_model_without_a_price_is_good_and_booked_with_its_tokens() -> None:
    async def main() -> None:
        desk = Desk(in_order(answer(model="claude|next\n1"), answer()))
        answered = await desk.classify()
        assert answered.classification.category == "billing"
        assert answered.classification.cost_picodollars == 0
        record = answered.call
        assert (record.outcome, record.status, record.model) == (
            "unpriced_model", 200, "claude?next?1",
        )  # fmt: skip
        assert (record.cost_picodollars, record.unsettled_picodollars) == (0, desk.bound())
        assert record.output_tokens > 0
        assert record.usage_seen
        [share] = record.shares
        assert (share.outcome, share.output_tokens) == ("ok", record.output_tokens)
        assert desk.gate.held is None
        assert "claude?next?1" in str(desk.classifier.unpriced.words)

    run(main)


def test_a_snapshot_s_name_is_what_the_books_say() -> None:
    async def main() -> None:
        desk = Desk(in_order(answer(model="claude-haiku-5-5-20261007")))
        answered = await desk.classify()
        assert answered.call.model == "claude-haiku-5-5-20261007"
        assert answered.call.requested_model == MODEL
        assert answered.classification.model == answered.call.model

    run(main)


def test_earlier_calls_are_recorded_at_once_not_at_the_end() -> None:
    async def main() -> None:
        desk = Desk(in_order(NETWORK, BAD, busy(50), answer()))
        task = asyncio.create_task(desk.classify())
        await asyncio.sleep(1.01)
        assert outcomes(desk) == ["network"]
        await asyncio.sleep(3)
        assert outcomes(desk)[:2] == ["network", "not_json"]
        answered = await task
        assert outcomes(desk) == ["network", "not_json", "rate_limit_error"]
        assert [*(r.attempt for r in desk.records), answered.call.attempt] == [1, 2, 3, 4]
        assert answered.classification.cost_picodollars == 2 * COST

    run(main)


def test_a_cancelled_ticket_ends_at_once_wherever_it_is() -> None:
    async def main() -> None:
        desk = Desk(lambda _: SERVER)
        for wait in (0.5, 1.1, 20, 333.3):
            task = asyncio.create_task(desk.classify())
            await asyncio.sleep(wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert desk.gate.in_flight == 0

    run(main)


def test_each_try_is_told_before_it_is_made_as_it_is_booked_if_it_is_never_heard_of_again() -> None:
    async def main() -> None:
        desk = Desk(in_order(NETWORK, SERVER, answer()))
        told: list[tuple[CallRecord, int]] = []

        async def begin(call: CallRecord) -> None:
            await asyncio.sleep(0.1)
            told.append((call, desk.claude.calls))

        question = desk.question(TICKET.text)
        answered = await desk.classifier.ask(
            "tickets", 3, [question], desk.records.append, begin=begin
        )
        calls = [*desk.records, answered.call]
        assert [call.call_id for call, _ in told] == [call.call_id for call in calls]
        assert [made for _, made in told] == [0, 1, 2]
        for intent, _ in told:
            assert (intent.outcome, intent.status, intent.cost_picodollars) == (
                "abandoned",
                None,
                0,
            )
            assert intent.unsettled_picodollars == desk.bound()
            assert not intent.usage_seen
            assert [(s.source_offset, s.category, s.outcome) for s in intent.shares] == [
                (41, "unknown", "abandoned")
            ]
            assert decode_call(encode_call(intent)) == intent

    run(main)


def test_a_call_that_is_cancelled_before_it_is_made_is_booked_as_costing_nothing() -> None:
    async def main() -> None:
        desk = Desk(in_order())

        async def never(_: CallRecord) -> None:
            await asyncio.sleep(1_000)

        asking = desk.classifier.ask(
            "tickets", 3, [desk.question(TICKET.text)], desk.records.append, begin=never
        )
        task = asyncio.create_task(asking)
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [(r.outcome, r.unsettled_picodollars) for r in desk.records] == [("cancelled", 0)]
        assert desk.claude.calls == 0

    run(main)


def test_the_lease_is_checked_after_the_intent_is_written() -> None:
    async def main() -> None:
        desk = Desk(in_order(answer()))
        seen: list[str] = []
        gate = Gate(before_call=lambda: seen.append("lease"), clock=now)
        classifier = replace(desk.classifier, gate=gate)

        async def begin(_: CallRecord) -> None:
            seen.append("intent")

        question = desk.question(TICKET.text)
        await classifier.ask("tickets", 3, [question], desk.records.append, begin=begin)
        assert seen == ["lease", "intent", "lease"]

    run(main)


def test_every_record_can_be_booked_and_written() -> None:
    async def main() -> None:
        script = in_order(answer(), NETWORK, SERVER, busy(1), BAD_KEY, BAD, malformed(), REFUSED)
        desk = Desk(script)
        await desk.classify()
        with pytest.raises(GivenUp):
            await desk.classify()
        for record in desk.records:
            assert decode_call(encode_call(record)) == record
            booked = [delta.row for delta in spend_of_call(record)]
            assert sum(row.picodollars for row in booked) == record.cost_picodollars
            unsettled = sum(row.unsettled_picodollars for row in booked)
            assert unsettled == record.unsettled_picodollars
            assert len(errors_of_call(record)) == 1
            assert record.shares[0].source_offset == SOURCE.offset

    run(main)


def test_the_money_of_a_run_is_the_money_of_its_records() -> None:
    """In whatever order: classifications and given-up tickets cost what was paid."""

    async def main() -> None:
        dice = random.Random(11)
        kinds: list[Outcome] = [answer(), BAD, NETWORK, SERVER, busy(1), malformed(), REFUSED]
        paid = 0

        def script(_: str) -> Outcome:
            nonlocal paid
            [outcome] = dice.choices(kinds, [60, 10, 5, 5, 5, 5, 5])
            if isinstance(outcome, Reply):
                paid += COST
            return outcome

        desk = Desk(script)
        booked = given_up = 0
        last_calls: list[CallRecord] = []

        async def work() -> None:
            nonlocal booked, given_up
            for _ in range(30):
                try:
                    answered = await desk.classify()
                except GivenUp as error:
                    given_up += error.letter.cost_picodollars
                else:
                    booked += answered.classification.cost_picodollars
                    last_calls.append(answered.call)

        await asyncio.gather(*(work() for _ in range(10)))
        records = [*desk.records, *last_calls]
        assert booked + given_up == paid == sum(record.cost_picodollars for record in records)
        assert len(records) == desk.claude.calls
        assert len({record.call_id for record in records}) == len(records)

    run(main)


def shared(*said: tuple[int, str, float]) -> Callable[[str], Reply]:
    """Answers about the tickets in a request, by their place there."""

    def script(content: str) -> Reply:
        ids = re.findall(r"<ticket id=(\d+)>", content)
        told = [f"{ids[n]} {category} {round(p * 100)}" for n, category, p in said]
        return answer(json.dumps({"r": told}), usage=Usage(1_000, 61, inference_geo="global"))

    return script


def test_each_ticket_of_a_shared_call_has_its_own_answer_and_its_share() -> None:
    async def main() -> None:
        desk = Desk(shared((2, "account", 0.9), (0, "billing", 0.3), (1, "weather", 0.9)))
        texts = ["charged twice", "hello", "my password " * 50]
        questions = [desk.question(text, offset) for offset, text in enumerate(texts, start=40)]
        desk.classifier = replace(desk.classifier, threshold=0.65)
        answered = await desk.classifier.ask("tickets", 3, questions, desk.records.append, 4)
        call = answered.call
        assert desk.records == []
        assert [share.source_offset for share in call.shares] == [40, 41, 42]
        assert [share.category for share in call.shares] == ["billing", "unknown", "account"]
        assert [share.outcome for share in call.shares] == [
            "low_confidence",
            "not_in_categories",
            "ok",
        ]
        assert [share.confidence for share in call.shares] == [0.3, 0.0, 0.9]
        assert (call.outcome, call.attempt) == ("incomplete", 5)
        assert sum(share.cost_picodollars for share in call.shares) == call.cost_picodollars
        assert sum(share.input_tokens for share in call.shares) == 1_000
        assert sum(share.output_tokens for share in call.shares) == 61
        assert call.shares[2].cost_picodollars > call.shares[1].cost_picodollars
        assert decode_call(encode_call(call)) == call

    run(main)


def test_a_shared_call_with_no_usable_answer_has_its_reason() -> None:
    async def main() -> None:
        desk = Desk(in_order(answer("", stop_reason="refusal")))
        questions = [desk.question("hello", offset) for offset in range(3)]
        answered = await desk.classifier.ask("tickets", 3, questions, desk.records.append)
        assert answered.readings == ["refusal"] * 3
        assert answered.call.outcome == "refusal"

    run(main)


def test_a_shared_request_that_is_refused_or_fails_alone_is_taken_apart_soon() -> None:
    async def main() -> None:
        desk = Desk(lambda content: SERVER if "poison" in content else answer())

        async def others() -> None:
            while True:
                await desk.classify("fine")

        background = [asyncio.create_task(others()) for _ in range(20)]
        await asyncio.sleep(10)
        questions = [desk.question("poison", 0), desk.question("fine", 1)]
        with pytest.raises(Refused) as caught:
            await desk.classifier.ask("tickets", 3, questions, desk.records.append)
        assert GIVE_UP_SHARED <= caught.value.attempts <= GIVE_UP_SHARED + 2
        assert [len(call.shares) for call in desk.records] == [2] * caught.value.attempts
        for task in background:
            task.cancel()

    run(main)


def test_a_shared_call_whose_usage_was_never_seen_is_bounded_for_all_its_tickets() -> None:
    async def main() -> None:
        desk = Desk(in_order(NETWORK, answer()))
        questions = [desk.question("hello " * 100, offset) for offset in range(25)]
        await desk.classifier.ask("tickets", 3, questions, desk.records.append)
        [record] = desk.records
        alone = desk.bound()
        assert record.unsettled_picodollars > 5 * alone
        assert {share.outcome for share in record.shares} == {"network"}
        assert sum(share.cost_picodollars for share in record.shares) == 0

    run(main)


def test_a_call_record_has_the_limits_that_its_answer_told() -> None:
    async def main() -> None:
        told = RateLimits(Bucket(50, 49), None, Bucket(10_000, 9_000))
        call = (await Desk(in_order(replace(answer(), limits=told))).classify()).call
        limits = call.requests_limit, call.input_tokens_limit, call.output_tokens_limit
        assert limits == (50, None, 10_000)

    run(main)
