import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from streams.audit.topic_admin import create_missing
from streams.books.changelog import encode_key, encode_spend
from streams.books.rows import SpendRow
from streams.dashboard import kafka_source
from streams.dashboard.kafka_source import TAIL, KafkaBooks
from streams.dashboard.live import group_json
from streams.dashboard.source import BooksSource
from streams.events.headers import APP
from streams.settings import Settings
from tests.audit.kafka_scene import abort, producer_for, publish, write
from tests.audit.scene import Scene, Written, settings_of, topics_for

START = 1_763_715_600.0
UPDATE_SECONDS = 2.0
"""From a commit to the page; half a second of it is the feed's pause."""


@asynccontextmanager
async def running(source: KafkaBooks) -> AsyncIterator[KafkaBooks]:
    task = asyncio.create_task(source.run())
    try:
        yield source
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(source: BooksSource, condition: Callable[[], bool], limit: float = 30) -> None:
    async with asyncio.timeout(limit):
        while not condition():
            await source.changed(source.version)


async def bury(scene: Scene, settings: Settings) -> None:
    """Another installation writes more to the same topics than a look at their ends shows."""
    theirs = [
        Written(topic, partition, None, b"theirs", [(APP, b"them")])
        for topic in scene.topics.outputs
        for partition in scene.partitions
        for _ in range(TAIL)
    ]
    async with producer_for(settings, "them") as producer, producer.transaction():
        await write(producer, theirs)


def tickets(source: BooksSource) -> int:
    return sum(row.tickets for row in source.books.spend.values())


@pytest.mark.kafka
async def test_a_commit_is_seen_in_time_and_what_is_aborted_never(
    kafka: str, namespace: str
) -> None:
    settings = settings_of(namespace, kafka)
    topics = topics_for(settings)

    def row(number: int) -> Written:
        key = encode_key("0|m|billing", START, START + 60)
        return Written(topics.spend, 0, key, encode_spend(SpendRow(tickets=number)))

    async with running(KafkaBooks(settings, topics)) as source:
        await until(source, lambda: source.state == "unreadable")
        assert "topics --create" in str(source.detail)
        await create_missing(settings, topics, partitions=1)
        await until(source, lambda: source.state == "live")
        assert source.changed_at is None
        async with producer_for(settings, "test") as producer:
            await abort(producer, [row(99)])
            async with producer.transaction():
                await write(producer, [row(5)])
            await until(source, lambda: tickets(source) > 0, UPDATE_SECONDS - 0.5)
        assert tickets(source) == 5
        assert source.changed_at is not None


@pytest.mark.kafka
async def test_calls_the_group_and_the_last_tickets_are_seen_while_somebody_looks(
    kafka: str, namespace: str
) -> None:
    settings = settings_of(namespace, kafka)
    scene = Scene(topics_for(settings))
    await publish(scene, settings)
    await bury(scene, settings)
    async with running(KafkaBooks(settings, scene.topics)) as source:
        await until(source, lambda: source.calls.since is not None)
        assert not source.group  # nobody looks
        with source.reader():
            await until(source, lambda: source.group is not None)
            await until(source, lambda: len(source.latest.tickets) == 6)
            await until(source, lambda: len(source.latest.letters) == 2)
    told = group_json(source.group, None)
    assert told is not None
    assert [number for number, _ in told["lag"]] == [0, 1]
    now = int(time.time())
    answered = source.calls.latency.total(60, now - 600, now + 60)
    assert sum(count for [count] in answered.values()) == 2
    assert "text" not in source.latest.tickets[0]
    assert source.latest.letters[0]["stage"] == "decode"


async def test_a_part_that_drops_its_cancellation_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dropped = asyncio.Event()

    async def stubborn(_: KafkaBooks) -> None:
        while not dropped.is_set():
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                dropped.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(kafka_source, "END_SECONDS", 0.01)
    monkeypatch.setattr(KafkaBooks, "_follow_calls", stubborn)
    settings = settings_of("t", "127.0.0.1:1")
    async with asyncio.timeout(10), running(KafkaBooks(settings, topics_for(settings))) as source:
        await until(source, lambda: source.state == "away")
    assert dropped.is_set()
