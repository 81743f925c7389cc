"""kill -9: nothing is lost or doubled, and at most the calls in flight are paid for again."""

from collections import Counter
from pathlib import Path

import pytest

from streams.audit.snapshot import read_topic
from streams.events.model import ABANDONED, CallRecord, Share
from streams.events.wire import decode_call
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(240)]

# The escalation model at $2 and $10 a million, a shared call's most tokens in and out.
DEAREST_CALL = 30_000 * 2_000_000 + 1_060 * 10_000_000


def usable(call: CallRecord, share: Share) -> bool:
    """Whether the call gave this ticket an answer, if only one that the next tier is asked about:
    no need to ask the same tier again."""
    answered = ("ok", "low_confidence")
    return share.outcome in answered and call.outcome in (*answered, "incomplete")


async def answered_calls_by_ticket(stack: Stack) -> Counter[tuple[int, int]]:
    """Committed usable answers of one tier, the tier that gave more, by source coordinates."""
    by_tier: Counter[tuple[str, int, int]] = Counter()
    async for record in read_topic(stack.settings.bootstrap_servers, stack.topics.calls):
        call = decode_call(record.value)
        by_tier.update(
            (call.tier, call.source_partition, share.source_offset)
            for share in call.shares
            if usable(call, share)
        )
    most: Counter[tuple[int, int]] = Counter()
    for (_, partition, offset), answers in by_tier.items():
        most[partition, offset] = max(most[partition, offset], answers)
    return most


def asked(stack: Stack) -> int:
    """Tickets that the API was paid for; one that it was asked about twice counts twice."""
    return int(stack.api.account()["tickets"])


@pytest.mark.parametrize(("tickets_a_call", "in_flight"), [(1, 60), (25, 3)])
async def test_two_kills_and_a_join_lose_nothing_and_repeat_only_calls_in_flight(
    kafka: str, namespace: str, tmp_path: Path, tickets_a_call: int, in_flight: int
) -> None:
    settings = {"batch_size": tickets_a_call, "max_calls": in_flight}
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.1}, **settings) as stack:
        await stack.create_topics()
        tickets = await stack.send_samples(1_500, seed=1)
        first = stack.worker()
        stack.until("the first worker calls", lambda: asked(stack) > 300)
        first.kill()

        before = asked(stack)
        second = stack.worker()
        stack.until("the second worker calls", lambda: asked(stack) > before + 300)
        third = stack.worker()
        stack.until("the third worker has joined", lambda: third.opened)
        tickets += await stack.send_samples(1_500, seed=2)
        before = asked(stack)
        stack.until("both work", lambda: asked(stack) > before + 200)
        second.kill()

        report = await stack.until_finished(tickets)
        assert third.stop() == 0, stack.logs()
        report = await stack.report()
        assert (report.tickets, report.lost, report.duplicates) == (tickets, 0, 0)
        assert await stack.broken_promises(strict=True) == []

        # Calls in flight at the two kills, and as many that were answered but not committed yet:
        # all that the API counted is in the books, these with a bound.
        abandoned = report.calls[ABANDONED]
        assert 0 < abandoned <= 2 * (2 * in_flight)
        missing = report.api_spend_picodollars - report.spend_picodollars
        assert 0 <= missing <= report.unsettled_picodollars <= abandoned * DEAREST_CALL
        # Asked again although the answer was durable: never.
        assert max((await answered_calls_by_ticket(stack)).values()) == 1
