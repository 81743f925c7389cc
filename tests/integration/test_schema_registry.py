"""With a real schema registry between us and Confluent's own serializers, in both directions."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from aiokafka import ConsumerRecord
from confluent_kafka import Producer
from confluent_kafka.schema_registry import (
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    topic_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from streams.audit.snapshot import read_topic
from streams.doctor.registry import check_registry
from streams.events.model import Ticket
from streams.events.output_schema import OutputSchemaError, registered_encoder
from streams.events.registry import Registry
from streams.events.registry_client import RegistryClient
from streams.events.schemas import ROUTED, TICKET
from streams.events.topics import Topics
from streams.events.wire import UndecodableEvent, decode_routed, encode_ticket
from streams.local.registry.server import LocalRegistry
from streams.preflight import PreflightError, check_input_schema
from streams.settings import Settings
from tests.consumers_page import printed
from tests.kcat import has_avro, kcat, kcat_json
from tests.stack import Stack, running_stack
from tests.tcp_door import Door

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.timeout(300)]

OLDER = {
    "type": "record",
    "name": "SupportTicket",
    "namespace": "com.example",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "text", "type": "string"},
    ],
}
NEWER = {
    **OLDER,
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "priority", "type": ["null", "int"], "default": None},
        {"name": "customer", "type": ["null", "com.example.Customer"], "default": None},
        {"name": "text", "type": "string"},
        {
            "name": "created_at",
            "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}],
            "default": None,
        },
    ],
}
CUSTOMER = {
    "type": "record",
    "name": "Customer",
    "namespace": "com.example",
    "fields": [{"name": "name", "type": "string"}],
}
# Named: by default they ask the registry for associations, which Apicurio does not know, and leaves
# about one such request in a hundred without an answer.
BY_TOPIC = {"subject.name.strategy": topic_subject_name_strategy}
INVOICE = "I was charged twice, refund the invoice"


@pytest.fixture(scope="module")
def registry() -> Iterator[LocalRegistry]:
    with tempfile.TemporaryDirectory() as folder, LocalRegistry(Path(folder)) as registry:
        yield registry
        print(registry.log.read_text(errors="replace")[-4_000:])  # shown if a test fails


def framed(theirs: SchemaRegistryClient, topic: str, schema: Schema, fields: Any) -> bytes:
    """As Confluent's serializer writes it, and registers it."""
    write = AvroSerializer(theirs, schema, conf=BY_TOPIC)
    return bytes(write(fields, SerializationContext(topic, MessageField.VALUE)))


async def outputs(stack: Stack) -> dict[str, ConsumerRecord]:
    """Routed tickets and dead letters by their keys."""
    names = [*stack.topics.outputs, stack.topics.dead_letter]
    servers = stack.settings.bootstrap_servers
    return {r.key.decode(): r async for r in read_topic(servers, *names)}


async def test_confluents_producers_of_two_versions_and_confluents_consumer(
    kafka: str, namespace: str, tmp_path: Path, registry: LocalRegistry
) -> None:
    theirs = SchemaRegistryClient({"url": registry.url, "timeout": 20})
    with (
        Door(registry.port) as door,
        running_stack(
            kafka,
            namespace,
            tmp_path,
            {"latency": 0.01},
            schema_registry_url=registry.url.replace(str(registry.port), str(door.port)),
        ) as stack,
    ):
        await stack.create_topics(partitions=2)
        topic = stack.topics.input
        producer = Producer({"bootstrap.servers": kafka})

        def send(key: str, value: bytes) -> None:
            producer.produce(topic, value, key, headers=[("mine", b"1")])
            assert producer.flush(10) == 0

        theirs.register_schema(f"{namespace}-customer", Schema(json.dumps(CUSTOMER), "AVRO"))
        reference = SchemaReference("com.example.Customer", f"{namespace}-customer", 1)
        older = Schema(json.dumps(OLDER), "AVRO")
        newer = Schema(json.dumps(NEWER), "AVRO", [reference])
        full = {"id": "new", "priority": 1, "customer": {"name": "N"}, "text": INVOICE}
        send("old", framed(theirs, topic, older, {"id": "old", "text": INVOICE}))
        send("new", framed(theirs, topic, newer, {**full, "created_at": 1_500_999}))
        send("old-again", framed(theirs, topic, older, {"id": "again", "text": INVOICE}))
        send("json", b'{"id": "json", "text": "%b"}' % INVOICE.encode())
        send("single", encode_ticket(Ticket("single", INVOICE)))
        worker = stack.worker()
        await stack.until_finished(5)

        # The registry goes away: a ticket whose schema is not known yet waits, others go on.
        unseen = {**OLDER, "name": "Mail"}
        value = framed(theirs, f"{topic}-mail", Schema(json.dumps(unseen), "AVRO"), full)
        door.stop()
        send("waits", value)
        send("goes-on", b'{"id": "goes-on", "text": "%b"}' % INVOICE.encode())
        stack.until("it asks in vain", lambda: worker.said("Retrying streams.events.registry"))
        report = await stack.until_finished(6)
        assert report.dead_letters == 0
        door.start()
        report = await stack.until_finished(7)
        assert (report.lost, report.duplicates, report.dead_letters) == (0, 0, 0)
        assert worker.stop() == 0
        assert await stack.broken_promises(strict=True) == []

        found = await outputs(stack)
        billing = stack.topics.categories["billing"]
        read = AvroDeserializer(theirs, conf=BY_TOPIC)
        for key, record in found.items():
            assert record.topic == billing
            assert dict(record.headers)["mine"] == b"1"
            context = SerializationContext(record.topic, MessageField.VALUE)
            fields: Any = read(record.value, context)
            ours = decode_routed(record.value)  # without any registry
            assert fields["text"] == ours.ticket.text == INVOICE
            assert fields["cost_picodollars"] == ours.classification.cost_picodollars
            assert fields["source_topic"] == topic
            assert key == "old-again" or fields["id"] == ("new" if key == "waits" else key)
        assert decode_routed(found["new"].value).ticket.created_at == 1_500
        assert theirs.get_latest_version(f"{billing}-value").schema.schema_str is not None

        url = registry.url
        assert printed("confluent-kafka", kafka, billing, len(found), SCHEMA_REGISTRY_URL=url) == {
            ("again" if key == "old-again" else "new" if key == "waits" else key, "billing")
            for key in found
        }

        lines = kcat("-b", kafka, "-C", "-e", "-t", billing, "-f", "%k %h\n")
        assert sorted(line.split()[0] for line in lines) == sorted(found)
        assert all("mine=1,ticket-streams.source.topic=" in line for line in lines)
        if has_avro():  # then it asks the registry too
            decoded = kcat_json(
                *("-b", kafka, "-C", "-e", "-t", billing, "-J"),
                *("-s", "value=avro", "-r", registry.url),
            )
            assert {line["payload"]["category"] for line in decoded} == {"billing"}


TOPICS = Topics.of(Settings())


async def test_a_schema_that_does_not_fit_is_refused_by_name(registry: LocalRegistry) -> None:
    theirs = SchemaRegistryClient({"url": registry.url, "timeout": 20})
    other = {"type": "record", "name": "RoutedTicket", "namespace": "com.ticketstreams",
             "fields": [{"name": "id", "type": "int"}]}  # fmt: skip
    subject = "com.ticketstreams.RoutedTicket"
    theirs.register_schema(subject, Schema(json.dumps(other), "AVRO"))
    client = RegistryClient(registry.url)
    for register in (True, False):
        with pytest.raises(OutputSchemaError, match=subject):
            await registered_encoder(client, TOPICS, "RecordName", auto_register=register)
    settings = Settings(schema_registry_url=registry.url, subject_strategy="RecordName")
    levels = [finding.level for finding in await check_registry(settings)]
    assert levels == ["ok", "wrong"]
    await registered_encoder(client, TOPICS, "TopicRecordName", auto_register=True)
    assert "tickets.unknown-com.ticketstreams.RoutedTicket" in theirs.get_subjects()


async def test_our_schemas_are_known_by_their_files(registry: LocalRegistry) -> None:
    """Registered by hand from schemas/, as one does who may not let programs register."""
    theirs = SchemaRegistryClient({"url": registry.url, "timeout": 20})
    with pytest.raises(OutputSchemaError, match="TICKET_STREAMS_AUTO_REGISTER_SCHEMAS"):
        await registered_encoder(
            RegistryClient(registry.url), TOPICS, "TopicName", auto_register=False
        )
    for topic in TOPICS.outputs:
        theirs.register_schema(f"{topic}-value", Schema(ROUTED.text, "AVRO"))
    await registered_encoder(RegistryClient(registry.url), TOPICS, "TopicName", auto_register=False)

    value = framed(theirs, "t", Schema(TICKET.text, "AVRO"), {"id": "1", "text": "a"})
    read = Registry(RegistryClient(registry.url))
    assert await read.decode_ticket(value) == Ticket("1", "a")


async def test_a_guid_is_a_dead_letter_where_the_registry_has_none(
    registry: LocalRegistry,
) -> None:
    """Apicurio knows schemas by number only; and what it will never have must not be waited for.
    The header with a number is read."""
    theirs = SchemaRegistryClient({"url": registry.url, "timeout": 20})
    number = theirs.register_schema("by-header", Schema(TICKET.text, "AVRO"))
    value = framed(theirs, "by-header", Schema(TICKET.text, "AVRO"), {"id": "1", "text": "a"})[5:]
    read = Registry(RegistryClient(registry.url))
    with pytest.raises(UndecodableEvent, match="does not know GUIDs"):
        await read.decode_ticket(value, [("__value_schema_id", b"\1" + uuid4().bytes)])
    header = ("__value_schema_id", b"\0" + number.to_bytes(4, "big"))
    assert await read.decode_ticket(value, [header]) == Ticket("1", "a")


async def test_a_worker_looks_at_what_producers_may_write(registry: LocalRegistry) -> None:
    theirs = SchemaRegistryClient({"url": registry.url, "timeout": 20})
    wrong = {**OLDER, "name": "Nothing", "fields": [{"name": "id", "type": "string"}]}
    theirs.register_schema("in-1-value", Schema(json.dumps(wrong), "AVRO"))
    theirs.register_schema("in-2-value", Schema(json.dumps(OLDER), "AVRO"))
    found = Settings(schema_registry_url=registry.url, input_topic="in-1")
    with pytest.raises(PreflightError, match=r"in-1-value .*it has no field text"):
        await check_input_schema(found)
    await check_input_schema(found.model_copy(update={"input_topic": "in-2"}))


def test_the_registry_opens_no_port_to_other_machines(registry: LocalRegistry) -> None:
    assert registry._child is not None
    process = psutil.Process(registry._child.pid)
    ours = [process, *process.children(recursive=True)]
    open_ports = [c for p in ours for c in p.net_connections() if c.status == psutil.CONN_LISTEN]
    assert open_ports
    assert {c.laddr.ip.removeprefix("::ffff:") for c in open_ports} == {"127.0.0.1"}
