"""The page in a real Chromium with a real Kafka behind it, which is killed and comes back."""

import asyncio
import time
from pathlib import Path

import pytest

from streams.audit.topic_admin import create_missing
from streams.books.changelog import encode_key, encode_spend
from streams.books.rows import SpendRow
from streams.dashboard.server import start_dashboard
from streams.local.kafka.broker import EmbeddedKafka
from tests.audit.kafka_scene import producer_for, write
from tests.audit.scene import Written, settings_of, topics_for
from tests.dashboard.browser import browsing, contains, see, visit
from tests.dashboard.hand_fed import MINUTE, this_minute

UPDATE_SECONDS = 2.0
TICKETS = "#categories-total td:nth-child(4)"


@pytest.mark.kafka
async def test_a_commit_is_seen_in_time_and_kafka_may_go_and_come_back(
    tmp_path: Path, namespace: str
) -> None:
    with EmbeddedKafka(tmp_path) as broker:
        settings = settings_of(namespace, broker.bootstrap)
        topics = topics_for(settings)
        await create_missing(settings, topics, partitions=1)
        start = this_minute()

        async def commit(tickets: int) -> float:
            """When it was committed."""
            key = encode_key("0|m|billing", start, start + MINUTE)
            row = Written(topics.spend, 0, key, encode_spend(SpendRow(tickets=tickets)))
            async with producer_for(settings, "test") as producer:
                async with producer.transaction():
                    await write(producer, [row])
                return time.monotonic()

        dashboard = await start_dashboard(settings, "127.0.0.1", 0)
        try:
            async with browsing() as browser, visit(browser, dashboard.url) as page:
                await contains(page, "#verdict-text", "No data yet")
                await commit(1)
                await see(page, TICKETS, "1")
                committed = await commit(2)
                await see(page, TICKETS, "2")
                assert time.monotonic() - committed < UPDATE_SECONDS
                await asyncio.to_thread(broker.kill)
                await contains(page, "#state", "Kafka is away", timeout=20)
                await see(page, TICKETS, "2")
                await asyncio.to_thread(broker.start)
                await contains(page, "#state", "Live", timeout=20)
                await commit(3)
                await see(page, TICKETS, "3")
        finally:
            await dashboard.stop()
