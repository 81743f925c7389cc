"""Routed tickets in one topic, and call records, both as JSON, read by clients that are not ours,
and the group as standard tools see it."""

import json
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from tests.consumers_page import printed
from tests.kcat import kcat_json
from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

TICKETS = {
    "k1": ("I was charged twice, refund the invoice", "billing"),
    "k2": ("The app crashes with an error when I open it", "technical"),
    "k3": ("I forgot my password and cannot sign in", "account"),
    "k4": ("My card was charged twice, I want a refund", "billing"),
}
CODECS = ("zstd", "lz4", "snappy", "gzip")
SETTINGS: dict[str, Any] = {
    "output_format": "json",
    "calls_format": "json",
    "output_headers": {"team": "support"},
    "kafka_client": {"client.id": "desk-1", "compression.type": "gzip", "client.rack": "r1"},
}


def event(text: str) -> bytes:
    """Long enough to be worth compressing."""
    return json.dumps({"id": text[:5], "text": text, "padding": "-" * 1_000}).encode()


async def test_one_topic_that_kcat_and_librdkafka_read(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    shared = f"{namespace}-routed"
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.01}, output_topic=shared, **SETTINGS
    ) as stack:
        await stack.create_topics(partitions=2)
        worker = stack.worker()
        for number, (key, (text, _)) in enumerate(TICKETS.items()):
            # As producers compress: each in its own way, and all must be read.
            producer = Producer({"bootstrap.servers": kafka, "compression.type": CODECS[number]})
            producer.produce(stack.topics.input, event(text), key)
            assert producer.flush(10) == 0
        await stack.until_finished(len(TICKETS))
        group = AdminClient({"bootstrap.servers": kafka})
        described = group.describe_consumer_groups([namespace])[namespace].result()
        assert [member.client_id for member in described.members] == ["desk-1"]
        assert described.state.name == "STABLE"

        assert worker.stop() == 0
        assert await stack.broken_promises(strict=True) == []

        # Offsets, as any tool for lag reads them: the next one to read, in every partition.
        [listed] = group.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(namespace)]
        ).values()
        offsets = {at.partition: at.offset for at in listed.result().topic_partitions}
        assert sum(offsets.values()) == len(TICKETS)

        found = kcat_json("-b", kafka, "-C", "-e", "-t", shared, "-J")
        routed = [json.loads(line["payload"]) for line in found]
        assert {line["key"] for line in found} == set(TICKETS)
        for line in found:
            value, headers = json.loads(line["payload"]), _pairs(line["headers"])
            assert value["category"] == headers["ticket-streams.category"]
            assert value["category"] == TICKETS[line["key"]][1]
            assert headers["team"] == "support"
            assert headers["ticket-streams.source.topic"] == stack.topics.input

        assert printed("aiokafka", kafka, shared, len(TICKETS)) == {
            (ticket["id"], ticket["category"]) for ticket in routed
        }
        calls = kcat_json("-b", kafka, "-C", "-e", "-t", stack.topics.calls)
        assert {call["outcome"] for call in calls} == {"ok"}
        assert sum(call["cost_picodollars"] for call in calls) == sum(
            ticket["cost_picodollars"] for ticket in routed
        )

        consumer = Consumer(
            {
                "bootstrap.servers": kafka,
                "group.id": f"{namespace}-reader",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
            }
        )
        consumer.assign([TopicPartition(shared, number, 0) for number in range(2)])
        messages = consumer.consume(len(TICKETS), timeout=30)
        consumer.close()
        found_by_key = {message.key(): json.loads(message.value() or b"") for message in messages}
        assert {key.decode(): value["category"] for key, value in found_by_key.items() if key} == {
            key: category for key, (_, category) in TICKETS.items()
        }


def _pairs(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
