"""What goes in comes out: wire formats, key, headers, order by key, reasons of dead letters."""

import time
from collections import defaultdict
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from streams.audit.snapshot import read_topic
from streams.events.model import Ticket
from streams.events.wire import decode_routed, encode_ticket
from tests.stack import SHARED, Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


async def outputs(stack: Stack) -> list[ConsumerRecord]:
    topics = stack.topics
    servers = stack.settings.bootstrap_servers
    names = [*topics.categories.values(), topics.dead_letter]
    return [record async for record in read_topic(servers, *names)]


@pytest.mark.parametrize("output_format", ["avro", "json"])
async def test_formats_keys_headers_and_dead_letters(
    kafka: str, namespace: str, tmp_path: Path, output_format: str
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.01}, **SHARED, output_format=output_format
    ) as stack:
        await stack.create_topics(partitions=2)
        ticket = Ticket(
            "t-1", "I was charged twice, refund the invoice", "Invoice", "c-1", "email", 7
        )
        values = {
            "json": b'\xef\xbb\xbf {"id": "t-1", "text": "I was charged twice, refund the invoice",'
            b'"subject": "Invoice", "customer_id": "c-1", "channel": "email", "created_at": 7}',
            "avro": encode_ticket(ticket),
            "broken": b'{"id": "t-1", "text": ',
            "tombstone": None,
            "confluent": b"\x00\x00\x00\x00\x09abc",
        }
        # An hour ago: much older, and Kafka's own retention might delete it before it is read.
        written = time.time_ns() // 1_000_000 - 3_600_000
        async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
            for name, value in values.items():
                await producer.send_and_wait(
                    stack.topics.input,
                    value,
                    key=name.encode(),
                    timestamp_ms=written,
                    headers=[("traceparent", b"00-abc"), ("mine", b"1")],
                )
        worker = stack.worker()
        await stack.until_finished(len(values))
        assert worker.stop() == 0
        records = {record.key.decode(): record for record in await outputs(stack)}

        for name in ("json", "avro"):
            record = records[name]
            assert record.topic == stack.topics.categories["billing"]
            routed = decode_routed(record.value)
            assert routed.ticket == ticket
            assert routed.classification.category == "billing"
            headers = dict(record.headers)
            assert headers["traceparent"] == b"00-abc"
            assert headers["ticket-streams.source.topic"] == stack.topics.input.encode()
            assert int(headers["ticket-streams.source.offset"]) == routed.source.offset

        for name, why in {
            "broken": "not_json",
            "tombstone": "tombstone",
            "confluent": "unknown_schema",
        }.items():
            record = records[name]
            assert record.topic == stack.topics.dead_letter
            assert record.value == values[name]
            headers = dict(record.headers)
            # Not the record's own timestamp: retention would delete an old ticket's letter at once.
            assert headers["ticket-streams.source.timestamp"] == str(written).encode()
            assert headers["ticket-streams.error.type"] == why.encode()
            assert headers["__streams.errors.topic"] == stack.topics.input.encode()
            assert headers["mine"] == b"1"
        assert await stack.broken_promises(strict=True) == []


async def test_tickets_of_a_key_leave_in_the_order_they_came(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    # Latencies differ a lot, so answers overtake each other all the time.
    faults: dict[str, object] = {"latency": 0.05, "latency_sigma": 1.0, "error": {500: 0.1}}
    with running_stack(kafka, namespace, tmp_path, faults, **SHARED, retry_max_wait=0.5) as stack:
        await stack.create_topics(partitions=2)
        texts = ("charged twice on my invoice", "the app crashes with an error")
        await stack.send(
            (f"k{n % 7}".encode(), f'{{"id": "{n}", "text": "{texts[n % 2]}"}}'.encode())
            for n in range(700)
        )
        worker = stack.worker()
        await stack.until_finished(700)
        assert worker.stop() == 0
        lines: dict[tuple[str, bytes], list[int]] = defaultdict(list)
        for record in await outputs(stack):
            lines[record.topic, record.key].append(decode_routed(record.value).source.offset)
        assert sum(map(len, lines.values())) == 700
        assert all(line == sorted(line) for line in lines.values())
