"""What comes next for a ticket when a call is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.classify.answer import Reading, Verdict
from streams.classify.triage import SHRINK, Case, Final, Lane, Triage, smaller
from tests.delivery.events import classification

SURE = Verdict("billing", 0.9)
UNSURE = Verdict("billing", 0.4)
FIRST, ESCALATION = Lane("first", 25), Lane("escalation", 25)


def triage(**changes: object) -> Triage:
    given_: dict[str, object] = {
        "batch_size": 25, "threshold": 0.65, "escalates": True, "cap": 1.0, "attempts": 2,
    }  # fmt: skip
    return Triage(**{**given_, **changes})  # type: ignore[arg-type]


def case(
    lane: Lane = FIRST,
    *,
    alone: bool = False,
    isolated: bool = False,
    tries: int = 0,
    said_before: str | None = None,
) -> Case:
    return Case(lane, alone, isolated, tries, said_before)


def test_a_new_ticket_begins_in_the_first_tier_in_company() -> None:
    assert triage().begin(None, isolated=False) == FIRST
    assert triage().begin(None, isolated=True) == Lane("first", 1)


@pytest.mark.parametrize(
    ("tier", "reason", "lane"),
    [
        ("first", "low_confidence", ESCALATION),
        ("escalation", "refusal", ESCALATION),
        ("first", "missing", FIRST),
        ("first", "refusal", FIRST),
    ],
)
def test_a_ticket_goes_on_where_a_worker_before_sent_it(tier: str, reason: str, lane: Lane) -> None:
    so_far = classification(tier=tier, reason=reason)
    assert triage().begin(so_far, isolated=False) == lane
    assert triage(escalates=False).begin(so_far, isolated=False) == FIRST


@pytest.mark.parametrize("lane", [FIRST, ESCALATION])
@pytest.mark.parametrize("confidence", [0.65, 0.9, 1.0])
def test_a_sure_answer_is_final(lane: Lane, confidence: float) -> None:
    verdict = Verdict("account", confidence)
    assert triage().after(verdict, case(lane)) == Final(verdict)


def test_an_unsure_answer_of_the_first_tier_escalates() -> None:
    assert triage().after(UNSURE, case()) == ESCALATION
    assert triage().after(UNSURE, case(isolated=True)) == Lane("escalation", 1)


def test_an_unsure_answer_is_final_where_nobody_else_can_be_asked() -> None:
    assert triage(escalates=False).after(UNSURE, case()) == Final(UNSURE)
    assert triage(cap=0.0).after(UNSURE, case()) == Final(UNSURE)


def test_two_unsure_answers_are_believed_when_they_agree() -> None:
    agreed = triage().after(UNSURE, case(ESCALATION, said_before="billing"))
    assert agreed == Final(UNSURE)
    differ = triage().after(UNSURE, case(ESCALATION, said_before="account"))
    assert differ == Final("low_confidence")


def test_a_backlog_that_begins_at_once_has_its_whole_share_escalated() -> None:
    rule = triage(cap=0.1)
    lanes = [rule.begin(None, isolated=False) for _ in range(5_000)]
    steps = [
        rule.after(UNSURE if number % 10 == 0 else SURE, case(lane))
        for number, lane in enumerate(lanes)
    ]
    assert sum(step == ESCALATION for step in steps) == 500


@pytest.mark.parametrize("tier", ["first", "escalation"])
def test_trouble_in_company_is_looked_for_among_fewer(tier: str) -> None:
    lane, groups = Lane(tier, 25), []  # type: ignore[arg-type]
    while lane.group > 1:
        step = triage().after("missing", case(lane))
        assert isinstance(step, Lane)
        assert step.tier == tier
        lane = step
        groups.append(lane.group)
    assert groups == [5, 1]


def test_trouble_alone_escalates_at_once() -> None:
    assert triage().after("refusal", case(alone=True, tries=1)) == ESCALATION


def test_trouble_alone_is_unknown_when_all_attempts_are_made() -> None:
    alone = Lane("escalation", 1)
    one = triage().after("refusal", case(ESCALATION, alone=True, tries=1))
    two = triage().after("refusal", case(alone, alone=True, tries=2))
    assert (one, two) == (alone, Final("refusal"))
    only_one_tier = triage(escalates=False)
    assert only_one_tier.after("empty", case(alone=True, tries=1)) == Lane("first", 1)
    assert only_one_tier.after("empty", case(alone=True, tries=2)) == Final("empty")


@given(st.integers(1, 100))
def test_the_next_group_is_smaller_until_it_is_one(group: int) -> None:
    after = smaller(Lane("first", group)).group
    assert after == max(1, group // SHRINK)
    assert after < group or group == 1


readings = st.one_of(
    st.sampled_from(["missing", "refusal", "not_json"]),
    st.builds(Verdict, st.sampled_from(["billing", "account"]), st.floats(0, 1)),
)


@given(
    st.lists(readings, min_size=30, max_size=30),
    st.booleans(),
    st.integers(1, 100),
    st.integers(1, 10),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.booleans(),
)
def test_every_ticket_comes_to_an_end_whatever_is_answered(
    answers: list[Reading],
    escalates: bool,
    batch_size: int,
    attempts: int,
    cap: float,
    isolated: bool,
) -> None:
    """At most the ladder of each tier, and there the attempts alone."""
    rule = triage(escalates=escalates, batch_size=batch_size, attempts=attempts, cap=cap)
    lane, tries, said = rule.begin(None, isolated=isolated), 0, None
    for calls, reading in enumerate(answers, start=1):
        alone = lane.group == 1
        tries += alone
        step = rule.after(reading, Case(lane, alone, isolated, tries, said))
        if isinstance(step, Final):
            assert calls <= 2 * (3 + attempts)
            assert step.word in (reading, "low_confidence")
            return
        if step.tier != lane.tier:
            assert (lane.tier, step.tier) == ("first", "escalation")
            tries = 0
        else:
            assert step.group < lane.group or alone
        said = reading.category if isinstance(reading, Verdict) else said
        lane = step
    pytest.fail("it is asked about for ever")


def test_without_money_for_the_second_tier_a_ticket_ends_in_the_first() -> None:
    money = [False]
    rule = triage(affordable=lambda *_: money[0], attempts=1)
    assert rule.after(UNSURE, case(tries=1)) == Final(UNSURE)
    assert rule.after("missing", case(alone=True, tries=1)) == Final("missing")
    money[0] = True
    assert rule.after(UNSURE, case(tries=1)) == ESCALATION


def test_money_for_the_second_tier_is_asked_for_by_category_and_value() -> None:
    asked: list[tuple[str | None, str | None]] = []

    def affordable(category: str | None, value: str | None) -> bool:
        asked.append((category, value))
        return True

    rule = triage(affordable=affordable, attempts=1)
    of_acme = case(tries=1)._replace(value="acme")
    assert rule.after(UNSURE, of_acme) == ESCALATION
    assert rule.after("missing", of_acme._replace(alone=True)) == ESCALATION
    assert asked == [(UNSURE.category, "acme"), (None, "acme")]
