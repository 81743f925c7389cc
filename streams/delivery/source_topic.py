"""The input topic by its id: a topic deleted and made again has its old name, and is another one.

Kafka gives every topic an id of its own, but aiokafka 0.14 reads by name.
"""

import asyncio
import base64
import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, for_code

from streams.access.connection import Address, client_arguments
from streams.delivery.topic_id import NO_ID, TopicIdRequest

UNKNOWN_ID = ""
"""The id of a topic on a Kafka that has none to tell: then nothing is compared."""

NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})

REQUEST_TIMEOUT_MS = 10_000
RETRY_SECONDS = 0.5
LEAST_PAUSE = 0.01
"""Seconds between two looks under load. All commits that wait share one look."""


class RecreatedError(Exception):
    """The input topic is another one than when its partitions were opened."""


class SourceTopic:
    """The input topic as it was when its partitions were opened.

    ``options`` are more arguments of aiokafka's client.
    """

    def __init__(
        self, bootstrap: Address, topic: str, options: Mapping[str, Any] = NO_OPTIONS
    ) -> None:
        self.topic = topic
        self.id = UNKNOWN_ID
        self.client = AIOKafkaClient(
            **client_arguments(bootstrap), request_timeout_ms=REQUEST_TIMEOUT_MS, **options
        )
        """Knows the cluster for every producer, too; see streams.delivery.shared_metadata."""
        self._looking = asyncio.Lock()
        self._confirmed = 0.0

    async def open(self) -> None:
        """Connect, and learn the id. Raises KafkaError."""
        await self.client.bootstrap()
        self.id = await self._current()

    async def learn(self, topics: Iterable[str]) -> None:
        """Ask about all these topics at once, before a producer asks about one after the other."""
        await self.client.set_topics(list(topics))

    async def close(self) -> None:
        """Close the connection."""
        await self.client.close()

    async def confirm(self) -> None:
        """Return when what was read until now was certainly read from this topic.

        Waits while Kafka does not answer or does not have the topic. Raises RecreatedError.
        """
        asked = time.monotonic()
        async with self._looking:
            if self.id == UNKNOWN_ID or self._confirmed >= asked:
                return
            await asyncio.sleep(max(0.0, self._confirmed + LEAST_PAUSE - asked))
            while True:
                looked = time.monotonic()
                try:
                    current = await self._current()
                    break
                except (KafkaError, OSError, TimeoutError):
                    await asyncio.sleep(RETRY_SECONDS)
            if current != self.id:
                raise RecreatedError(
                    f"topic {self.topic} was deleted and made again: its id was {self.id}, "
                    f"and is {current}"
                )
            self._confirmed = looked

    async def _current(self) -> str:
        """Raises KafkaError, UnknownTopicOrPartitionError where there is no such topic."""
        try:
            node = self.client.get_random_node()
            answer = await self.client.send(node, TopicIdRequest(self.topic))
        except NotImplementedError:  # a Kafka older than 2.8
            return UNKNOWN_ID
        if answer.error_code not in (0, 5):  # 5: a partition has no leader now
            raise for_code(answer.error_code)(self.topic)
        if answer.topic_id == NO_ID:
            return UNKNOWN_ID
        return base64.urlsafe_b64encode(answer.topic_id).rstrip(b"=").decode()
