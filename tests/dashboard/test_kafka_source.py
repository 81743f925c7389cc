import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streams.audit.topic_admin import create_missing
from streams.books.changelog import encode_key, encode_spend
from streams.books.rows import SpendRow
from streams.dashboard.kafka_source import KafkaBooks
from streams.dashboard.source import BooksSource
from streams.local.kafka.broker import EmbeddedKafka
from tests.audit.kafka_scene import abort, producer_for, write
from tests.audit.scene import Written, settings_of, topics_for

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
async def test_it_says_when_kafka_goes_and_comes_back(tmp_path: Path, namespace: str) -> None:
    with EmbeddedKafka(tmp_path) as broker:
        settings = settings_of(namespace, broker.bootstrap)
        topics = topics_for(settings)
        await create_missing(settings, topics, partitions=1)
        async with running(KafkaBooks(settings, topics)) as source:
            await until(source, lambda: source.state == "live")
            await asyncio.to_thread(broker.kill)
            await until(source, lambda: source.state == "away")
            await asyncio.to_thread(broker.start)
            await until(source, lambda: source.state == "live")
