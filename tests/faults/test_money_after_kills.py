"""kill -9, again and again: all that the API charged is settled or bounded, each time."""

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from streams.audit.snapshot import read_topic
from streams.events.model import ABANDONED, CallRecord
from streams.events.wire import decode_call
from tests.faults.test_worker_killed import asked
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(600)]

KILLS = int(os.environ.get("KILLS", "4"))
"""``KILLS=20`` takes four minutes for each of the two."""


class Books(NamedTuple):
    """The calls that are recorded, and those that are begun and not recorded."""

    calls: list[CallRecord]
    in_flight: dict[str, CallRecord]


async def books(stack: Stack) -> Books:
    """Not read as the worker does: by the records of the calls, not by what closes an intent."""
    bootstrap, topics = stack.settings.bootstrap_servers, stack.topics
    calls = [decode_call(record.value) async for record in read_topic(bootstrap, topics.calls)]
    known = {call.call_id for call in calls}
    begun = {}
    async for record in read_topic(bootstrap, topics.intents, isolation="read_uncommitted"):
        if record.value is not None and record.key.decode() not in known:
            begun[record.key.decode()] = decode_call(record.value)
    return Books(calls, begun)


def wrong(stack: Stack, found: Books) -> list[str]:
    """Models of which settled <= the API's own account <= settled + unsettled does not hold."""
    settled: Counter[str] = Counter()
    unsettled: Counter[str] = Counter()
    for call in [*found.calls, *found.in_flight.values()]:
        settled[call.model] += call.cost_picodollars
        unsettled[call.model] += call.unsettled_picodollars
    accounts = stack.api.account()["by_model"]
    charged = {model: int(account["picodollars"]) for model, account in accounts.items()}
    return [
        f"{model}: {settled[model]} <= {charged.get(model, 0)} <= {settled[model]} + {bound}"
        for model, bound in unsettled.items()
        if not settled[model] <= charged.get(model, 0) <= settled[model] + bound
    ] + [f"{model} stands in no book" for model in charged if model not in settled]


@pytest.mark.parametrize(("tickets_a_call", "in_flight"), [(1, 20), (25, 4)])
async def test_after_each_of_many_kills_the_api_charged_no_more_than_is_settled_or_bounded(
    kafka: str, namespace: str, tmp_path: Path, tickets_a_call: int, in_flight: int
) -> None:
    settings: dict[str, object] = {
        "batch_size": tickets_a_call,
        "max_calls": in_flight,
        # A static member: the next worker has the partitions at once.
        "group_instance_id": namespace,
        "session_timeout": 30.0,
    }
    load = in_flight * tickets_a_call
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.3}, **settings) as stack:
        await stack.create_topics()
        tickets = 0
        died: set[str] = set()
        for kill in range(KILLS):
            tickets += await stack.send_samples(5 * load, seed=kill)
            enough = asked(stack) + 2 * load
            worker = stack.worker()
            stack.until("it calls", lambda enough=enough: asked(stack) >= enough)  # type: ignore[misc]
            worker.kill()
            found = await books(stack)
            died |= found.in_flight.keys()
            assert wrong(stack, found) == [], f"after kill {kill + 1}"
        last = stack.worker()
        await stack.until_finished(tickets)
        assert last.stop() == 0, stack.logs()

        found = await books(stack)
        assert wrong(stack, found) == []
        assert found.in_flight == {}
        abandoned = [call.call_id for call in found.calls if call.outcome == ABANDONED]
        assert sorted(abandoned) == sorted(died), "each is booked once, and no other"
        assert len(died) > KILLS, "the kills hit nothing"
        report = await stack.report()
        assert (report.tickets, report.lost, report.duplicates) == (tickets, 0, 0)
        assert await stack.broken_promises(strict=True) == []
