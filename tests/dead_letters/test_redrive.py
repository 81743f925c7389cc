"""Redriving on a real Kafka, with real workers and kill -9."""

import asyncio
import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from streams.audit.snapshot import read_topic
from streams.dead_letters.plan import Order, make_plan
from streams.dead_letters.redrive import BATCH_LETTERS, Redriver
from streams.dead_letters.wanted import Wanted
from streams.settings import Settings, load_settings, to_environment
from tests.audit.kafka_scene import create_topic
from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

LETTERS = 20_000


class Process:
    """``ticket-streams dead-letters redrive --yes --json`` of its own."""

    def __init__(self, settings: Settings, *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streams", "dead-letters", "redrive", "--yes", "--json", *words],
            env=to_environment(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kill(self) -> None:
        assert self._process.poll() is None, "it was faster than the test"
        self._process.kill()
        self._process.communicate()

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, dict[str, Any]]:
        out, said = self._process.communicate(timeout=60)
        assert out, said
        return self._process.returncode, json.loads(out)


async def write_letters(settings: Settings, topic: str, source: str) -> None:
    await create_topic(settings.bootstrap_servers, topic)
    await create_topic(settings.bootstrap_servers, source)
    async with AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, linger_ms=5
    ) as producer:
        for n in range(LETTERS):
            headers: list[tuple[str, bytes | None]] = [
                ("empty", None),
                ("__connect.errors.topic", source.encode()),
                ("__connect.errors.partition", b"%d" % (n % 2)),
                ("__connect.errors.offset", b"%d" % (n // 2)),
            ]
            await producer.send(topic, b"%d" % n, partition=n % 2, headers=headers)
        await producer.flush()


async def until_beyond(settings: Settings, topic: str, end: int) -> int:
    """Return when more than ``end`` offsets of ``topic`` are read_committed; how many."""
    partitions = [TopicPartition(topic, 0), TopicPartition(topic, 1)]
    async with (
        AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap_servers, isolation_level="read_committed"
        ) as consumer,
        asyncio.timeout(60),
    ):
        now = 0
        while now <= end:
            await asyncio.sleep(0.005)
            now = sum((await consumer.end_offsets(partitions)).values())
        return now


async def seen(settings: Settings, topic: str) -> Counter[bytes]:
    records = read_topic(settings.bootstrap_servers, topic)
    return Counter([record.value async for record in records])


async def test_killed_and_interrupted_it_brings_each_event_exactly_once(
    kafka: str, namespace: str
) -> None:
    settings = load_settings(bootstrap_servers=kafka, app_id=namespace)
    topic, source = f"{namespace}-orders.dlq", f"{namespace}-orders"
    await write_letters(settings, topic, source)

    killed = Process(settings, "--topic", topic)
    end = await until_beyond(settings, source, 0)
    killed.kill()

    interrupted = Process(settings, "--topic", topic)
    # What was open at the kill is one transaction: beyond two, this process has committed.
    await until_beyond(settings, source, end + 3 * BATCH_LETTERS)
    interrupted.interrupt()
    code, report = interrupted.end()
    assert code == 1
    assert 0 < report["redriven"] < report["planned"] < LETTERS

    code, report = Process(settings, "--topic", topic).end()
    assert code == 0
    assert report["already_redriven"] + report["redriven"] == LETTERS
    assert report["already_redriven"] > 0
    assert await seen(settings, source) == Counter(b"%d" % n for n in range(LETTERS))


async def test_of_two_at_the_same_time_the_later_takes_over(kafka: str, namespace: str) -> None:
    settings = load_settings(bootstrap_servers=kafka, app_id=namespace)
    topic, source = f"{namespace}-orders.dlq", f"{namespace}-orders"
    await write_letters(settings, topic, source)
    order = Order(topic, Wanted())
    plan = await make_plan(settings, order)
    second = Redriver(settings, order, plan, lambda letters: None)
    begun = list[asyncio.Task[None]]()

    def begin_second(letters: int) -> None:
        if not begun:
            begun.append(asyncio.create_task(second.run()))

    first = Redriver(settings, order, plan, begin_second)
    with pytest.raises(KafkaError):
        await first.run()
    await begun[0]
    assert 0 < first.redriven < LETTERS
    assert (
        first.redriven + second.redriven >= LETTERS
    )  # the last commit of the first may be in doubt
    assert await seen(settings, source) == Counter(b"%d" % n for n in range(LETTERS))


async def test_what_was_mended_is_routed_and_what_was_not_comes_back_counted(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    poison = [(b"customer-1", b"{"), (b"customer-2", b"\xff"), (None, b"[]")]
    faults: dict[str, object] = {"error": {"400": 0.3}}
    with running_stack(kafka, namespace, tmp_path, faults, dead_letter_share=1) as stack:
        await stack.create_topics()
        good = [(b"customer-%d" % (n % 5), ticket(n)) for n in range(60)]
        tickets = await stack.send([*good, *poison])
        stack.worker()
        letters = (await stack.until_finished(tickets)).dead_letters
        assert letters > len(poison)

        stack.api.faults(error={})
        code, done = Process(stack.settings).end()
        assert (code, done["redriven"]) == (0, letters)
        report = await stack.until_finished(tickets + letters)
        assert sum(report.routed.values()) == len(good)
        assert report.dead_letters == letters + len(poison)
        assert (report.lost, report.duplicates) == (0, 0)

        # Only what came back is left, and it counts how often it was tried.
        code, done = Process(stack.settings, "--most-times", "1").end()
        assert (code, done["redriven"], done["already_redriven"]) == (1, 0, letters)
        assert sum(done["refused"].values()) == len(poison)
        assert stack.workers[0].stop() == 0, stack.logs()
        assert await stack.broken_promises(strict=False) == []


def ticket(number: int) -> bytes:
    return json.dumps({"id": f"t{number}", "text": "I was charged twice"}).encode()
