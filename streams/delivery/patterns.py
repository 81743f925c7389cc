"""Input topics that a pattern matches: found at the start, and while the worker runs.

A topic that is gone stays subscribed to until the next start: one look that misses it must not
cost a rebalance, and nothing comes from it.
"""

import asyncio
import logging
from typing import Any

from aiokafka.errors import KafkaError

from streams.audit.topic_admin import TopicsError, open_admin, partition_counts
from streams.delivery.faust_door import App
from streams.events.topics import Topics
from streams.settings import Settings

log = logging.getLogger(__name__)

FIND_EVERY = 15.0
"""Seconds between two looks: as often as for new partitions."""
FIND_SECONDS = 10.0


def follow_patterns(app: App, channel: Any, settings: Settings, topics: Topics) -> None:
    """Have the agent on ``channel`` read what the patterns of the settings match, too."""
    if not topics.patterns:
        return

    async def find() -> None:
        try:
            async with asyncio.timeout(FIND_SECONDS), open_admin(settings.kafka) as admin:
                there = await partition_counts(admin)
        except (TopicsError, KafkaError, OSError, TimeoutError):
            return  # Kafka is away: the next look finds them
        if new := app.also_read(channel, topics.inputs(there)):
            log.info("input topics that a pattern matches: %s", ", ".join(new))

    app.find_topics = find
    app.timer(FIND_EVERY)(find)
