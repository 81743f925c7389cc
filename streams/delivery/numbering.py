"""Gives source partitions their lasting numbers, exactly once whoever does it at the same time.

One transactional id for all: who starts its producer shuts out the one before, so what is read from
there on is all that there is, until the numbers are committed or the next one has come.
"""

import asyncio
import random
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from streams.access.connection import client_arguments
from streams.audit.numbering import Counts, present, written_sources
from streams.audit.topic_admin import MissingTopicError, TopicsError, open_admin, partition_counts
from streams.delivery.transaction import (
    COMMIT_TIMEOUT,
    REQUEST_TIMEOUT_MS,
    TRANSACTION_TIMEOUT_MS,
)
from streams.events.sources import Sources, encode, numbering_id
from streams.events.topics import Topics
from streams.settings import Settings

TRIES = 20
"""Others that come in between are as many as workers, and each of them comes once."""
MOST_PAUSE = 1.0


class NumberingError(TopicsError):
    """Source partitions could not be numbered; the argument is why."""

    def __str__(self) -> str:
        return f"the partitions of the input topics could not be numbered: {self.args[0]!r}"


async def number_sources(settings: Settings, topics: Topics) -> Sources:
    """The numbers of all partitions of the input topics, written down where they must be.

    Raises UnreachableError, MissingTopicError and NumberingError.
    """
    async with open_admin(settings.kafka) as admin:
        counts = await partition_counts(admin)
    known = await written_sources(settings.kafka, topics, counts)
    if not known.extended(present(topics, counts)).beyond(known):
        return known
    if topics.sources not in counts:
        raise MissingTopicError(topics.sources)
    problem: BaseException | None = None
    for _ in range(TRIES):
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT):
                return await _written(settings, topics, counts)
        except (TransactionalIdAuthorizationFailed, TopicAuthorizationFailedError) as error:
            raise NumberingError(error) from None
        except (KafkaError, TimeoutError) as error:  # shut out, most likely
            problem = error
        await asyncio.sleep(MOST_PAUSE * random.random())
    raise NumberingError(problem)


async def _written(settings: Settings, topics: Topics, counts: Counts) -> Sources:
    producer = AIOKafkaProducer(
        **client_arguments(settings.kafka),
        transactional_id=numbering_id(settings.app_id),
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        client_id=settings.app_id,
    )
    try:
        await producer.start()
        known = await written_sources(settings.kafka, topics, counts)
        wanted = known.extended(present(topics, counts))
        if new := wanted.beyond(known):
            await producer.begin_transaction()
            for place, number in new.items():
                key, value = encode(place, number)
                sent = await producer.send(topics.sources, value, key=key, partition=0)
                sent.add_done_callback(_look)
            await producer.commit_transaction()
        return wanted
    finally:
        await producer.stop()


def _look(sent: "asyncio.Future[Any]") -> None:
    """The commit says it too, and else asyncio would log it."""
    if not sent.cancelled():
        sent.exception()
