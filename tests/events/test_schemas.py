"""The schemas: their fingerprints, their next versions, and a second Avro library's opinion."""

import json
from io import BytesIO
from typing import Any

import avro.io
import avro.schema
import fastavro
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from hypothesis import given

from streams.events import avro_values, schemas
from streams.events.avro_values import Reader, SchemaLookup, read_payload, writer_schema
from streams.events.encode import call_fields
from streams.events.errors import SchemaNeeded, UndecodableEvent
from streams.events.model import CallRecord, RoutedTicket, Ticket
from streams.events.schemas import CALL, DONE, ROUTED, SKIPPED, TICKET, RecordSchema, record_schema
from streams.events.wire import decode_ticket, encode_call, encode_routed, encode_ticket
from tests.events.samples import calls, routed_tickets

ALL = [TICKET, ROUTED, CALL, DONE, SKIPPED]


def changed(schema: RecordSchema, *fields: dict[str, Any], drop: str = "") -> RecordSchema:
    """The schema with more fields, and without one."""
    source = json.loads(schema.text)
    kept = [field for field in source["fields"] if field["name"] != drop]
    return record_schema(json.dumps({**source, "fields": [*kept, *fields]}))


def can_read(reader: RecordSchema, writer: RecordSchema) -> bool:
    parse = avro.schema.parse
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    result = checker.get_compatibility(parse(reader.text), parse(writer.text))
    return bool(result.compatibility is SchemaCompatibilityType.compatible)


OPTIONAL = {"name": "language", "type": ["null", "string"], "default": None}
REQUIRED = {"name": "language", "type": "string"}


def test_the_fingerprint_is_the_one_of_avros_specification() -> None:
    # CRC-64-AVRO of "int" as the reference implementation has it, in little-endian order.
    found = fastavro.schema.fingerprint('"int"', "CRC-64-AVRO")
    assert bytes.fromhex(found) == (0x7275D51A3F395C8F).to_bytes(8, "little")


def test_the_fingerprint_is_of_the_canonical_form() -> None:
    plain_text = json.dumps(schemas.without_logical_types(json.loads(TICKET.text)))
    assert record_schema(plain_text).marker == TICKET.marker
    assert changed(TICKET, OPTIONAL).marker != TICKET.marker


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_every_schema_has_a_fingerprint_of_its_own(schema: RecordSchema) -> None:
    assert len(schema.marker) == 10
    assert [other for other in ALL if other.marker == schema.marker] == [schema]


@given(routed_tickets)
def test_the_avro_package_reads_what_we_write(routed: RoutedTicket) -> None:
    payload = BytesIO(encode_routed(routed, "avro")[10:])
    plain = avro.schema.parse(json.dumps(schemas.without_logical_types(json.loads(ROUTED.text))))
    found: Any = avro.io.DatumReader(plain).read(avro.io.BinaryDecoder(payload))
    assert found["text"] == routed.ticket.text
    assert found["cost_picodollars"] == routed.classification.cost_picodollars
    assert found["source_offset"] == routed.source.offset
    assert not payload.read()


@given(calls)
def test_the_avro_package_reads_shares(call: CallRecord) -> None:
    plain = avro.schema.parse(json.dumps(schemas.without_logical_types(json.loads(CALL.text))))
    decoder = avro.io.BinaryDecoder(BytesIO(encode_call(call)[10:]))
    assert avro.io.DatumReader(plain).read(decoder) == call_fields(call)


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_a_new_optional_field_is_compatible_both_ways(schema: RecordSchema) -> None:
    newer = changed(schema, OPTIONAL)
    assert can_read(newer, schema)
    assert can_read(schema, newer)


@pytest.mark.parametrize("schema", ALL, ids=lambda schema: schema.name)
def test_a_new_field_without_a_default_cannot_read_old_values(schema: RecordSchema) -> None:
    assert not can_read(changed(schema, REQUIRED), schema)


def test_a_dropped_field_without_a_default_is_missed_by_old_readers() -> None:
    assert not can_read(TICKET, changed(TICKET, drop="text"))


def test_a_value_of_another_version_is_read() -> None:
    newer = changed(TICKET, OPTIONAL)
    value = encode_ticket(Ticket("1", "a", created_at=5))
    forward = read_payload(value, 10, TICKET.plain, newer.plain)
    assert forward["language"] is None

    later = avro_values.frame(newer.marker, newer.plain, {**forward, "language": "de"})
    back = read_payload(later, 10, newer.plain, TICKET.plain)
    assert Ticket(**back) == Ticket("1", "a", created_at=5)


def test_older_versions_in_the_history_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    older = changed(TICKET, drop="channel")
    monkeypatch.setattr(avro_values, "history", lambda: [older, CALL])
    reader = Reader(TICKET)
    value = avro_values.frame(older.marker, older.plain, {"id": "1", "text": "a"})
    assert Ticket(**reader.read(value)) == Ticket("1", "a")
    assert Ticket(**reader.read(encode_ticket(Ticket("2", "b")))) == Ticket("2", "b")


def test_a_fingerprint_of_another_record_is_named() -> None:
    with pytest.raises(UndecodableEvent) as caught:
        decode_ticket(CALL.marker + b"\x021\x02a")
    assert caught.value.error_type == "unknown_fingerprint"
    assert CALL.marker[2:].hex() in str(caught.value)


# ---- schemas of a registry

THEIRS = {
    "type": "record",
    "name": "SupportCase",
    "namespace": "com.example",
    "fields": [
        {"name": "priority", "type": {"type": "enum", "name": "P", "symbols": ["LOW", "HIGH"]}},
        {"name": "text", "type": "string"},
        {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "created_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4}},
    ],
}

DAY = {"name": "created_at", "type": {"type": "int", "logicalType": "date"}}


def confluent(schema_id: int, schema: dict[str, Any], datum: dict[str, Any]) -> bytes:
    out = BytesIO()
    fastavro.schemaless_writer(out, schema, datum)
    return b"\0" + schema_id.to_bytes(4, "big") + out.getvalue()


def theirs(created_at: int) -> bytes:
    plain = schemas.without_logical_types(THEIRS)
    datum = {"priority": "HIGH", "text": "a", "id": "0-1", "created_at": created_at, "amount": b"1"}
    return confluent(300, plain, datum)


def test_another_name_other_fields_and_other_units_are_read() -> None:
    known: SchemaLookup = {300: writer_schema(json.dumps(THEIRS))}
    assert decode_ticket(theirs(1_500_999), known) == Ticket("0-1", "a", created_at=1_500)


def test_an_unknown_id_asks_for_its_schema() -> None:
    with pytest.raises(SchemaNeeded) as caught:
        decode_ticket(theirs(0))
    assert caught.value.schema_id == 300


def test_a_value_shorter_than_its_id_is_refused() -> None:
    with pytest.raises(UndecodableEvent) as caught:
        decode_ticket(b"\0\0\0")
    assert caught.value.error_type == "bad_avro"


def test_a_schema_without_a_text_cannot_be_read_as_a_ticket() -> None:
    other = {"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]}
    value = confluent(4, other, {"id": "my card"})
    with pytest.raises(UndecodableEvent) as caught:
        decode_ticket(value, {4: writer_schema(json.dumps(other))})
    assert caught.value.error_type == "bad_avro"
    assert "card" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"string"',
        '{"type": "record"}',
        '{"type": "record", "name": "A", "fields": 5}',
        '{"type": "record", "name": "A", "fields": [{"name": "id", "type": "nothing"}]}',
        json.dumps({**THEIRS, "fields": [DAY]}),
    ],
)
def test_an_unusable_schema_of_the_registry_is_named(text: str) -> None:
    with pytest.raises(UndecodableEvent) as caught:
        writer_schema(text)
    assert caught.value.error_type == "unknown_schema"
