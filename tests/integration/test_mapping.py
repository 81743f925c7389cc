"""Events of other shapes through a whole worker: none is lost, and the promises hold for them."""

import json
from pathlib import Path

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event

from streams.audit.snapshot import read_topic
from streams.audit.verify import verify
from streams.events.wire import decode_routed
from streams.mapping.samples import samples_of
from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


VERSIONS = 6
BINARY = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"any"),
    ("ce_source", b"/desk"),
    ("ce_type", b"com.example.ticket.opened"),
]


def version(number: int) -> bytes:
    """One and the same ticket, written again and again."""
    ticket = {"id": "written again", "text": f"I was charged twice, version {number}"}
    return json.dumps(ticket).encode()


async def test_cloud_events_come_in_and_go_out_and_what_is_no_ticket_is_skipped(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(
        kafka,
        namespace,
        tmp_path,
        {"latency": 0.15},
        batch_size=1,
        max_calls=1,  # so that tickets wait, and versions of one ticket with them
        mapping="cloudevents",
        filter="type == 'com.example.ticket.opened'",
        tombstones="skip",
        updates="latest",
        output_envelope="cloudevents",
        output_format="json",
    ) as stack:
        await stack.create_topics(partitions=2)
        samples = samples_of("cloudevents")
        for event in samples:
            await stack.send([(b"k", event.value)], event.headers)
        other = {"specversion": "1.0", "id": "x", "source": "/s", "type": "ping", "data": {}}
        await stack.send([(b"k", json.dumps(other).encode()), (b"k", None), (None, b"no JSON")])
        await stack.send([(b"v", version(number)) for number in range(VERSIONS)], BINARY)
        worker = stack.worker()
        report = await stack.until_finished(len(samples) + VERSIONS + 3)
        superseded = report.skipped - 2
        assert 1 <= superseded < VERSIONS
        assert report.dead_letters == 1
        assert worker.stop() == 0

        for event in samples:
            [record] = [
                r
                async for r in read_topic(kafka, stack.topics.categories[event.expect])
                if b"ce-" in r.value
            ]
            headers = {name: value or b"" for name, value in record.headers}
            found = from_binary_event(KafkaMessage(headers, record.key, record.value))
            routed = decode_routed(record.value)
            assert found.get_subject() == routed.ticket.id
            assert found.get_id() == f"{routed.source.partition}:{routed.source.offset}"
            assert found.get_data() == json.loads(record.value)
        assert not await stack.broken_promises(strict=True)
        audit = await verify(stack.settings, stack.topics, account=stack.api.account())
        assert audit.skipped == 2 + superseded
        texts = [
            decode_routed(r.value).ticket.text
            async for r in read_topic(kafka, *stack.topics.categories.values())
            if b"twice, version" in r.value
        ]
        assert len(texts) == VERSIONS - superseded
        assert texts[-1] == f"I was charged twice, version {VERSIONS - 1}"
