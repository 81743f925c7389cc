"""A replay, killed and gone on with: every ticket of it once, and both sets of books balance."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from streams.audit.owner import run_of
from streams.audit.snapshot import read_topic
from streams.audit.verify import collect
from streams.events.wire import decode_done, decode_routed
from streams.replay.making import Order, make_plan
from streams.replay.plan import installation
from streams.replay.store import load_plan
from streams.settings import to_environment
from tests.audit.kafka_scene import create_topic
from tests.replay.older import save_as_older
from tests.stack import SHARED, Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

TICKETS, MAILED = 150, 50
"""All of them, and those in the second topic."""


def replay(stack: Stack, *words: str, wait: bool = True) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "streams", "replay", *words],
        env=to_environment(stack.settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if wait:
        process.wait(120)
    return process


def printed(process: subprocess.Popen[str]) -> Any:
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    return json.loads(out)


async def routed_by(stack: Stack, kafka: str, run: str) -> Counter[tuple[str, int, int]]:
    """Its results by the topic, partition and offset of their tickets."""
    found: Counter[tuple[str, int, int]] = Counter()
    topics = stack.topics
    async for record in read_topic(kafka, *topics.categories.values(), topics.dead_letter):
        if run_of(record) == run:
            if record.topic == topics.dead_letter:
                headers = {name: value or b"" for name, value in record.headers}
                topic, *numbers = (
                    headers[f"__streams.errors.{name}"] for name in ("topic", "partition", "offset")
                )
                partition, offset = map(int, numbers)
                found[topic.decode(), partition, offset] += 1
            else:
                found[decode_routed(record.value).source[:3]] += 1
    return found


async def test_a_replay_that_is_killed_goes_on_and_sends_each_ticket_of_all_topics_once(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    mail = f"{namespace}-mail"
    with running_stack(
        kafka,
        namespace,
        tmp_path,
        {"latency": 0.1},
        batch_size=4,
        max_calls=8,
        input_topics=[mail],
    ) as stack:
        await create_topic(kafka, mail, 1)
        await stack.create_topics(partitions=2)
        await stack.send_samples(TICKETS - MAILED)
        await stack.send_samples(MAILED, seed=2, topic=mail)
        worker = stack.worker()
        first = await stack.until_finished(TICKETS)
        assert worker.stop() == 0

        words = ("--from", "earliest", "--run", "again", "--yes", "--json")
        killed = replay(stack, *words, wait=False)
        calls = stack.calls()
        while stack.calls() < calls + 12:
            assert killed.poll() is None, killed.communicate()
            await asyncio.sleep(0.02)
        killed.kill()
        killed.communicate()
        done = printed(replay(stack, "--resume", "again", "--json"))
        assert done["verify"]["ok"]
        assert done["verify"]["tickets"] == TICKETS
        assert done["topics"] == [stack.topics.input, mail]
        assert f"{mail}[0]" in done["within"]

        again = await routed_by(stack, kafka, "again")
        assert len(again) == TICKETS
        assert sum(topic == mail for topic, _, _ in again) == MAILED
        assert set(again.values()) == {1}
        assert await routed_by(stack, kafka, "") == again  # the workers' own, as they were

        # Books of its own, and the workers' are not touched.
        assert not await _broken(stack)
        plan = await load_plan(stack.settings, "again")
        assert plan is not None
        own, topics = installation(stack.settings, plan)
        evidence = await collect(own, topics, within=plan.within)
        api = stack.api.account()["by_model"].values()
        both = first.spend_picodollars + evidence.totals.settled
        most = both + evidence.totals.unsettled
        assert both <= sum(model["picodollars"] for model in api) <= most
        assert [r async for r in read_topic(kafka, topics.done) if decode_done(r.value).released]


async def _broken(stack: Stack) -> list[Any]:
    audit = (await collect(stack.settings, stack.topics)).report()
    return [check for check in audit.checks if not check.ok]


async def test_an_older_version_s_plan_of_only_the_unknown_goes_where_it_said(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(kafka, namespace, tmp_path, {"latency": 0.01}, **SHARED) as stack:
        await stack.create_topics(partitions=2)
        await stack.send_samples(120)
        worker = stack.worker()
        report = await stack.until_finished(120)
        assert worker.stop() == 0
        prefix = f"{namespace}-trial"
        order = Order("older", 0.0, categories=["unknown"], topic_prefix=prefix)
        forecast = await make_plan(stack.settings, order)
        await create_topic(kafka, stack.topics.replays, partitions=1)
        await save_as_older(stack.settings, forecast.plan)
        done = printed(replay(stack, "--resume", "older", "--json"))
        assert done["selected"] == forecast.tickets == report.unknown > 0
        assert done["verify"]["ok"]
        assert done["verify"]["skipped"] == 120 - report.unknown
        names = [f"{prefix}.{n}" for n in ("billing", "technical", "product-feedback", "account")]
        results = [r async for r in read_topic(kafka, *names, f"{prefix}.unknown")]
        assert len(results) == report.unknown
        assert all(run_of(record) == done["run"] for record in results)
        assert not await stack.broken_promises(strict=False)
