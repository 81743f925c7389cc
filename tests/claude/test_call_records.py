"""What the books are told of a call."""

import pytest

from streams.classify.answer import Verdict
from streams.classify.triage import LOW_CONFIDENCE
from streams.claude.call_records import CallRecords, Try
from streams.claude.client import Reply
from streams.claude.prices import Usage, price_list
from streams.claude.question import Question
from streams.claude.tiers import prompt_of
from streams.claude.unpriced import Unpriced
from streams.events.model import UNPRICED
from streams.settings import Settings

MODEL = "claude-haiku-5-5"
THIS = Try("c1", 1_790_000_000_000, 2)
PROMPT = prompt_of(Settings(), MODEL)


def records(*questions: Question) -> CallRecords:
    return CallRecords(
        "first", PROMPT, price_list(), Unpriced(), 0.65, lambda: THIS.started + 700,
        "tickets", 3, questions or (Question(41, "part", 20),),
    )  # fmt: skip


def reply(model: str = MODEL) -> Reply:
    return Reply(model, [], "end_turn", Usage(200, 20), "req_1", None)


@pytest.mark.parametrize(
    ("confidence", "outcome"), [(0.64, LOW_CONFIDENCE), (0.65, "ok"), (1.0, "ok")]
)
def test_an_answer_at_the_threshold_is_sure(confidence: float, outcome: str) -> None:
    call = records().answered(THIS, reply(), [Verdict("billing", confidence)])
    assert [share.outcome for share in call.shares] == [outcome]


def test_an_answered_call_costs_what_its_tickets_cost_together() -> None:
    two = records(Question(41, "a", 10), Question(42, "b", 30, "acme"))
    call = two.answered(THIS, reply(), [Verdict("billing", 0.9), "missing"])
    assert call.cost_picodollars == price_list().cost(MODEL, Usage(200, 20), THIS.started)
    assert sum(share.cost_picodollars for share in call.shares) == call.cost_picodollars
    assert (call.outcome, call.unsettled_picodollars) == ("incomplete", 0)
    assert [(s.source_offset, s.category, s.outcome, s.books_value) for s in call.shares] == [
        (41, "billing", "ok", ""),
        (42, "unknown", "missing", "acme"),
    ]
    assert (call.call_id, call.attempt, call.ended_at - call.started_at) == ("c1", 2, 700)


def test_an_answer_without_a_price_costs_its_bound_until_there_is_one() -> None:
    call = records().answered(THIS, reply("claude-new"), [Verdict("billing", 0.9)])
    assert (call.model, call.outcome, call.cost_picodollars) == ("claude-new", UNPRICED, 0)
    assert call.unsettled_picodollars > price_list().cost(MODEL, Usage(200, 20), THIS.started)
    assert call.input_tokens == 200


@pytest.mark.parametrize("billed", [True, False])
def test_a_call_that_nobody_heard_of_again_has_a_bound_if_it_may_be_billed(billed: bool) -> None:
    call = records().unheard(THIS, "network", maybe_billed=billed)
    assert (call.cost_picodollars, call.unsettled_picodollars > 0) == (0, billed)
    assert [share.outcome for share in call.shares] == ["network"]
