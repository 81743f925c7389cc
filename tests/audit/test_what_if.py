"""Numbers by hand: a token costs 0.1 and 0.5 million (in, out) on Haiku, 2 and 10 on Sonnet."""

import pytest

from streams.audit.what_if import NO_ESCALATION_SEEN, Bill, Change, Comparison, Replay
from streams.claude.prices import NoPrice, price_list
from streams.events.model import CallRecord, Share, Tier

HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-5-5"
M = 1_000_000

SURE = Share(0, "billing", 100, 10, 15 * M, "ok", 0.9)
UNSURE = Share(1, "billing", 100, 10, 15 * M, "low_confidence", 0.5)
AGAIN = Share(1, "billing", 120, 8, 320 * M, "ok", 0.8)


def call(tier: Tier, model: str, *shares: Share, ended_at: int = 1_000) -> CallRecord:
    tokens = sum(s.input_tokens for s in shares), sum(s.output_tokens for s in shares)
    cost = sum(s.cost_picodollars for s in shares)
    start = (f"{tier}-{ended_at}", ended_at - 50, ended_at, tier, model, model, "v", 1, "ok", 200)
    return CallRecord(*start, None, *tokens, 0, 0, 0, cost, 0, "tickets", 3, shares)


FIRST = call("first", HAIKU, SURE, UNSURE)
SECOND = call("escalation", SONNET, AGAIN)


def replay(
    change: Change, *calls: CallRecord, cap: float = 1.0, since: float = 0, until: float = 2_000
) -> Comparison:
    replaying = Replay(change, price_list(), second_model=SONNET, cap=cap, since=since, until=until)
    for one in calls or (FIRST, SECOND):
        replaying.add(one)
    return replaying.comparison()


def test_nothing_changed_is_the_bill_it_was() -> None:
    found = replay(Change())
    assert found.was == found.would_be
    assert found.was.lines == (("first", HAIKU, 2, 30 * M), ("escalation", SONNET, 1, 320 * M))
    assert (found.was.tickets, found.was.escalated) == (2, 1)
    assert (found.was.picodollars, found.was.per_thousand) == (350 * M, 175_000 * M)


def test_another_model_is_paid_for_the_same_tokens() -> None:
    found = replay(Change(model=SONNET)).would_be
    # 200 in and 20 out.
    assert found.lines == (("first", SONNET, 2, 600 * M), ("escalation", SONNET, 1, 320 * M))


def test_another_second_model_is_paid_for_the_same_tokens() -> None:
    found = replay(Change(escalation_model=HAIKU)).would_be
    assert found.lines[1] == ("escalation", HAIKU, 1, 16 * M)


def test_without_a_second_tier_nothing_of_it_is_paid() -> None:
    found = replay(Change(escalation_model="none")).would_be
    assert found.lines == (("first", HAIKU, 2, 30 * M),)
    assert found.escalated == 0


def test_at_a_lower_threshold_a_sure_ticket_is_not_escalated() -> None:
    found = replay(Change(threshold=0.5)).would_be
    assert (found.picodollars, found.escalated) == (30 * M, 0)
    assert replay(Change(threshold=0.51)).would_be.picodollars == 350 * M


def test_the_share_of_a_ticket_that_stays_is_still_paid() -> None:
    other = Share(2, "billing", 100, 10, 15 * M, "low_confidence", 0.2)
    first = call("first", HAIKU, SURE, UNSURE, other)
    # 240 in, 16 out: half of it for each.
    second = call("escalation", SONNET, AGAIN, Share(2, "billing", 120, 8, 320 * M, "ok", 0.8))
    found = replay(Change(threshold=0.3), first, second).would_be
    assert found.lines[1] == ("escalation", SONNET, 1, 320 * M)


def test_at_a_higher_threshold_a_further_ticket_costs_the_mean() -> None:
    found = replay(Change(threshold=0.95)).would_be
    assert found.lines[1] == ("escalation", SONNET, 2, 640 * M)
    assert found.escalated == 2


def test_the_cap_holds() -> None:
    assert replay(Change(threshold=0.95), cap=0.5).would_be.picodollars == 350 * M


def test_where_nobody_was_escalated_the_first_calls_tokens_are_the_measure() -> None:
    first = call("first", HAIKU, SURE)
    found = replay(Change(threshold=0.95), first)
    # 100 in and 10 out on Sonnet.
    assert found.would_be.lines[1] == ("escalation", SONNET, 1, 300 * M)
    assert NO_ESCALATION_SEEN in found.assumptions


def test_only_calls_of_the_range_are_in_the_bill() -> None:
    late = call("escalation", SONNET, AGAIN, ended_at=1_500)
    found = replay(Change(threshold=0.5), FIRST, late, since=1_500)
    assert found.was.lines == (("escalation", SONNET, 1, 320 * M),)
    # What the first tier said before the range counts.
    assert found.would_be.picodollars == 0
    assert replay(Change(), FIRST, late, until=1_500).was.picodollars == 30 * M


def test_a_call_whose_usage_was_never_seen_is_in_no_bill() -> None:
    timed_out = CallRecord(
        "x", 900, 1_000, "first", HAIKU, HAIKU, "v", 1, "timeout", None, None,
        0, 0, 0, 0, 0, 0, 5_000, "tickets", 3, [Share(0, "unknown", 0, 0, 0, "timeout")],
    )  # fmt: skip
    assert replay(Change(), timed_out).was == Bill(0, 0, ())


def test_without_tickets_there_is_no_price_of_a_thousand() -> None:
    assert Bill(0, 0, ()).per_thousand == 0


def test_a_model_without_a_price_is_told() -> None:
    with pytest.raises(NoPrice):
        replay(Change(), call("first", "claude-mystery", SURE))


def test_a_changed_bill_is_json() -> None:
    data = replay(Change(threshold=0.5)).as_json()
    assert data["difference_picodollars"] == -320 * M
    assert data["was"]["lines"][0]["model"] == HAIKU
    assert data["change"]["threshold"] == 0.5
