"""Categories are data: a worker sorts into those of the settings, and into their topics."""

import json
from pathlib import Path

import pytest

from streams.audit.books import load_books
from streams.audit.snapshot import read_topic
from streams.events.wire import decode_routed
from tests.stack import SHARED, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

TEXTS = {
    "parcels": "My parcels are late",
    "warranty": "Is this under warranty?",
    "unknown": "Which bus goes there?",
}


async def test_tickets_go_to_the_topics_of_the_categories_that_are_set(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    categories = [
        {"name": "parcels", "description": "deliveries", "examples": ["Where is my box?"]},
        {"name": "warranty", "topic": f"{namespace}.Own_name"},
        {"name": "unknown", "topic": f"{namespace}.rest"},
    ]
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.01}, **SHARED, categories=categories
    ) as stack:
        topics = stack.topics
        assert topics.categories == {
            "parcels": f"{namespace}-tickets.parcels",
            "warranty": f"{namespace}.Own_name",
            "unknown": f"{namespace}.rest",
        }
        await stack.create_topics(partitions=1)
        await stack.send(
            (None, json.dumps({"id": name, "text": text}).encode()) for name, text in TEXTS.items()
        )
        worker = stack.worker()
        await stack.until_finished(len(TEXTS))
        assert worker.stop() == 0
        for name, topic in topics.categories.items():
            (record,) = [record async for record in read_topic(kafka, topic)]
            found = decode_routed(record.value)
            assert (found.ticket.id, found.classification.category) == (name, name)
        books = await load_books(kafka, topics)
        assert {key.category for key in books.spend} == set(TEXTS)
        assert not await stack.broken_promises(strict=True)
