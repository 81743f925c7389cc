"""One call, and what is done about each of its tickets."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from streams.classify.answer import Reading, Verdict
from streams.classify.triage import Lane, Triage
from streams.claude.classifier import Refused
from streams.claude.failures import Failure, Recovery
from streams.claude.pace import NoMoney
from streams.claude.question import Answered, Question
from streams.delivery.breaker import Breaker
from streams.delivery.giving_up import GivingUp
from streams.delivery.processing import Processing
from streams.delivery.work import DeadLetter, Result, Work
from streams.events.model import CallRecord, Classification, Share
from tests.delivery.desk import FakeDesk
from tests.delivery.events import classification, work

COST = 1_000
SURE, UNSURE = Verdict("billing", 0.9), Verdict("account", 0.4)
FIRST, ESCALATION = Lane("first", 25), Lane("escalation", 25)
REFUSED = Refused(Failure("invalid_request_error", Recovery.TICKET, "the API refuses it", 400), 1)


def call_of(tier: str, questions: Sequence[Question], readings: Sequence[Reading]) -> CallRecord:
    """A record in which every ticket cost 100 tokens in, 20 out, and COST."""
    shares = [
        Share(
            question.offset,
            reading.category if isinstance(reading, Verdict) else "unknown",
            100,
            20,
            COST,
            "ok" if isinstance(reading, Verdict) else reading,
        )
        for question, reading in zip(questions, readings, strict=True)
    ]
    n = len(shares)
    return CallRecord(
        f"call-{tier}", 1, 2, tier, "m", "m", "v1", 1, "ok", 200, None,  # type: ignore[arg-type]
        100 * n, 20 * n, 0, 0, 0, COST * n, 0, "tickets", 3, shares,
    )  # fmt: skip


class FakeClassifier:
    """Answers by offset; notes what was asked, and how often before."""

    def __init__(self, tier: str, say: Callable[[int], Reading] | Exception) -> None:
        self.tier = tier
        self._say = say
        self.asked: list[list[int]] = []
        self.attempts: list[int] = []

    async def ask(
        self,
        topic: str,
        partition: int,
        questions: Sequence[Question],
        record: Callable[[CallRecord], None],
        attempts: int,
        begin: Callable[[CallRecord], Awaitable[None]],
        lasting: int | None,
    ) -> Answered:
        del begin
        assert (topic, partition, lasting) == ("tickets", 3, None)
        self.asked.append([question.offset for question in questions])
        self.attempts.append(attempts)
        await asyncio.sleep(0)
        if isinstance(self._say, Exception):
            record(replace(call_of(self.tier, questions, ["missing"] * len(questions)), status=500))
            raise self._say
        readings = [self._say(question.offset) for question in questions]
        return Answered(call_of(self.tier, questions, readings), readings)


class Scene:
    """A partition, and calls about its tickets until none must wait again."""

    def __init__(
        self,
        first: Callable[[int], Reading] | Exception = lambda _: SURE,
        escalation: Callable[[int], Reading] | Exception = lambda _: SURE,
        *,
        breaker: Breaker | None = None,
        cap: float = 1.0,
    ) -> None:
        self.first = FakeClassifier("first", first)
        self.escalation = FakeClassifier("escalation", escalation)
        tiers: Any = {"first": self.first, "escalation": self.escalation}
        self.triage = Triage(batch_size=25, threshold=0.65, escalates=True, cap=cap, attempts=2)
        self.giving_up = GivingUp(breaker or Breaker(1.0, 1, pytest.fail))  # never opens
        self.processing = Processing(tiers, self.triage, self.giving_up)
        self.desk = FakeDesk()

    async def call(self, lane: Lane, works: Sequence[Work]) -> Sequence[Work]:
        for item in works:
            item.lane = lane
        return await self.processing(self.desk, lane, works)

    async def to_the_end(self, works: Sequence[Work]) -> dict[int, Result]:
        """Calls as a dispatcher makes them, as full as may be."""
        for item in works:
            item.lane = self.triage.begin(item.so_far, isolated=item.isolated)
            self.giving_up.begin(item)
        waiting = list(works)
        while waiting:
            lane = waiting[0].lane
            now = [item for item in waiting if item.lane == lane][: lane.group]
            waiting = [item for item in waiting if item not in now]
            waiting += await self.processing(self.desk, lane, now)
        return {item.source.offset: result for item, result in self.desk.finished}


def tickets(n: int) -> list[Work]:
    return [work(offset) for offset in range(n)]


async def test_each_ticket_gets_its_own_answer() -> None:
    said = {0: "billing", 1: "account", 2: "technical"}
    scene = Scene(lambda offset: Verdict(said[offset], 0.9))
    results = await scene.to_the_end(tickets(3))
    assert {offset: result.category for offset, result in results.items()} == said  # type: ignore[union-attr]
    assert scene.first.asked == [[0, 1, 2]]


async def test_a_call_and_its_results_are_told_without_an_await_between() -> None:
    """They belong into one transaction."""
    scene = Scene(lambda offset: SURE if offset else "missing")
    again = await scene.call(FIRST, tickets(3))
    assert scene.desk.told == [*scene.desk.records, *scene.desk.results, *again]
    assert (len(scene.desk.records), len(scene.desk.results), len(again)) == (1, 2, 1)
    assert scene.desk.asked_again == again


async def test_a_result_has_what_all_its_calls_cost() -> None:
    scene = Scene(lambda _: "missing", lambda _: SURE)
    [result] = (await scene.to_the_end(tickets(1))).values()
    assert isinstance(result, Classification)
    assert (result.input_tokens, result.output_tokens) == (200, 40)
    assert result.cost_picodollars == 2 * COST
    assert sum(call.cost_picodollars for call in scene.desk.records) == 2 * COST
    assert (result.category, result.tier, result.reason) == ("billing", "escalation", None)
    assert result.call_id == "call-escalation"


async def test_what_a_ticket_cost_before_is_in_what_it_costs() -> None:
    item = work()
    item.so_far = classification(reason="missing", cost_picodollars=7, input_tokens=3)
    scene = Scene()
    [result] = (await scene.to_the_end([item])).values()
    assert isinstance(result, Classification)
    assert (result.cost_picodollars, result.input_tokens) == (COST + 7, 103)


async def test_one_bad_ticket_is_found_in_smaller_calls_and_the_others_keep_their_answers() -> None:
    scene = Scene(lambda offset: "missing" if offset == 13 else SURE)
    results = await scene.to_the_end(tickets(25))
    assert len(results) == 25
    assert scene.first.asked[0] == list(range(25))
    assert scene.first.asked[1:] == [[13]]
    assert scene.escalation.asked == [[13]]


async def test_a_request_that_is_refused_is_taken_apart_until_the_bad_ticket_is_alone() -> None:
    class Refusing(FakeClassifier):
        async def ask(self, *given: Any) -> Answered:
            questions = given[2]
            if any(question.offset == 13 for question in questions):
                self.asked.append([question.offset for question in questions])
                raise REFUSED
            return await super().ask(*given)

    scene = Scene()
    scene.first = Refusing("first", lambda _: SURE)
    tiers: Any = {"first": scene.first}
    scene.processing = Processing(tiers, scene.triage, scene.giving_up)
    results = await scene.to_the_end(tickets(25))
    letters = {offset for offset, result in results.items() if isinstance(result, DeadLetter)}
    assert letters == {13}
    assert len(results) == 25
    assert sorted(map(len, scene.first.asked)) == [1] * 5 + [5] * 5 + [25]


async def test_an_unsure_answer_is_asked_about_again_in_the_second_tier() -> None:
    scene = Scene(lambda offset: UNSURE if offset % 2 else SURE, lambda _: Verdict("account", 0.8))
    results = await scene.to_the_end(tickets(6))
    assert scene.escalation.asked == [[1, 3, 5]]
    tiers = {offset: result.tier for offset, result in results.items()}  # type: ignore[union-attr]
    assert tiers == {n: "escalation" if n % 2 else "first" for n in range(6)}


async def test_an_unsure_answer_stands_where_the_cap_is_reached() -> None:
    scene = Scene(lambda _: UNSURE, cap=0.0)
    [result] = (await scene.to_the_end(tickets(1))).values()
    assert isinstance(result, Classification)
    assert (result.category, result.confidence, result.reason) == ("account", 0.4, None)
    assert scene.escalation.asked == []


async def test_a_ticket_that_both_tiers_fail_is_unknown_with_the_reason() -> None:
    scene = Scene(lambda _: UNSURE, lambda _: "refusal")
    [result] = (await scene.to_the_end(tickets(1))).values()
    assert isinstance(result, Classification)
    assert (result.category, result.confidence, result.reason) == ("unknown", 0.0, "refusal")
    assert scene.escalation.asked == [[0], [0]]
    assert result.cost_picodollars == 3 * COST


async def test_the_first_tier_s_word_outlives_an_unusable_answer_of_the_second() -> None:
    said: Iterator[Reading] = iter(["missing", UNSURE])
    scene = Scene(lambda _: UNSURE, lambda _: next(said))
    [result] = (await scene.to_the_end(tickets(1))).values()
    assert isinstance(result, Classification)
    assert (result.category, result.reason) == ("account", None)  # both said so


async def test_an_isolated_ticket_is_alone_in_both_tiers() -> None:
    scene = Scene(lambda _: UNSURE)
    works = tickets(6)
    works[2].isolated = True
    await scene.to_the_end(works)
    assert [2] in scene.first.asked
    assert [2] in scene.escalation.asked
    assert len(scene.first.asked) == len(scene.escalation.asked) == 2


async def test_a_ticket_that_nobody_answers_is_a_dead_letter_with_its_cost() -> None:
    item = work()
    item.so_far = classification(cost_picodollars=55)
    scene = Scene(REFUSED)
    [letter] = (await scene.to_the_end([item])).values()
    assert isinstance(letter, DeadLetter)
    assert (letter.error_type, letter.stage) == ("invalid_request_error", "classify")
    assert (letter.attempts, letter.cost_picodollars) == (1, 55)
    assert "hello" not in letter.message


async def test_attempts_count_every_call_that_held_the_ticket() -> None:
    scene = Scene(lambda _: "missing", lambda _: "missing")
    [item] = tickets(1)
    await scene.to_the_end([item])
    assert scene.first.attempts == [0]
    assert scene.escalation.attempts == [1, 2]
    assert item.attempts == 3


async def test_a_fault_of_ours_costs_one_ticket_and_quotes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene(RuntimeError("hello, the ticket's text"))
    results = await scene.to_the_end(tickets(7))
    assert len(results) == 7  # the bug is in every call here
    letter = results[0]
    assert isinstance(letter, DeadLetter)
    assert (letter.error_type, letter.stage) == ("internal_error", "classify")
    assert "RuntimeError" in letter.message
    assert "hello" not in letter.message + caplog.text


async def test_an_open_breaker_lets_no_dead_letter_and_no_call_through() -> None:
    breaker = Breaker(0.5, 3, lambda _: None)
    scene = Scene(REFUSED, breaker=breaker)
    for item in tickets(5):
        await scene.to_the_end([item])
    assert len(scene.desk.finished) == 2
    asked = len(scene.first.asked)
    assert await scene.call(FIRST, tickets(3)) == ()
    assert len(scene.first.asked) == asked == 3


async def test_tickets_whose_retry_there_is_no_money_for_are_handed_back_as_they_are() -> None:
    scene, works = Scene(NoMoney()), tickets(3)
    lane = Lane("first", 25)
    assert await scene.call(lane, works) == works
    assert {item.lane for item in works} == {lane}
    assert [item.attempts for item in works] == [1, 1, 1]  # the one that was made is booked
    assert len(scene.desk.records) == 1
    assert scene.desk.results == []
