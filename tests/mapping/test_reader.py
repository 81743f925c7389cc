"""What a mapping and a filter make of an event, and what they say of one that they cannot read."""

import json
from io import BytesIO
from typing import Any

import pytest
from fastavro import schemaless_writer
from fastavro.schema import parse_schema

from streams.events.avro_values import writer_schema
from streams.events.model import Ticket
from streams.events.registry import read_ticket
from streams.events.wire import SchemaNeeded, UndecodableEvent, encode_ticket
from streams.mapping.fields import FieldMapping
from streams.mapping.reader import EventReader, reader_of

MAPPING = FieldMapping(id="nr", text="body", customer_id="who", created_at="at")


def read(event: Any, mapping: FieldMapping | None = MAPPING, filter_text: str | None = None) -> Any:
    return EventReader(mapping, filter_text).read(json.dumps(event).encode(), (), {})


def refused(event: Any, mapping: FieldMapping = MAPPING) -> str:
    with pytest.raises(UndecodableEvent) as problem:
        read(event, mapping)
    assert problem.value.error_type == "not_a_ticket"
    return str(problem.value)


def test_fields_are_found_where_the_mapping_says() -> None:
    event = {"nr": 7, "body": "hello", "who": 12, "at": "2026-11-21T09:00:00Z", "more": [1]}
    assert read(event) == Ticket("7", "hello", None, "12", None, 1_795_251_600_000)


def test_a_missing_field_is_named_with_its_expression() -> None:
    assert refused({"nr": 7}) == "field text is missing: no `body`"
    assert refused({"body": "x"}) == "field id is missing: no `nr`"


def test_a_field_of_the_wrong_kind_is_named_and_not_quoted() -> None:
    assert refused({"nr": 7, "body": {"secret": 1}}) == "field text is an object, not a string"
    assert "secret" not in refused({"nr": 7, "body": "x", "at": "secret"})
    assert "field customer_id is a boolean" in refused({"nr": 7, "body": "x", "who": True})
    assert refused({"nr": 1, "body": 5}, FieldMapping(id="nr", text="html(body)")).startswith(
        "field text: `html(body)` fails"
    )


def test_the_root_is_where_the_other_expressions_begin() -> None:
    mapping = FieldMapping(root="payload.after", id="nr", text="body", filter="body")
    assert read({"payload": {"after": {"nr": 1, "body": "x"}}}, mapping) == Ticket("1", "x")
    assert read({"payload": {}}, mapping) == "filtered"


@pytest.mark.parametrize(
    ("kind", "ticket"), [("new", True), ("old", False), (None, False), ("", False)]
)
def test_a_filter_says_which_events_are_tickets_without_any_mapping_too(
    kind: str | None, ticket: bool
) -> None:
    found = read({"id": "1", "text": "x", "kind": kind}, None, "kind == 'new'")
    assert found == (Ticket("1", "x") if ticket else "filtered")


def test_the_filter_setting_takes_the_place_of_the_mappings_own() -> None:
    mapping = FieldMapping(id="nr", text="body", filter="kind == 'new'")
    event = {"nr": 1, "body": "x", "kind": "old"}
    assert read(event, mapping) == "filtered"
    assert read(event, mapping, "kind == 'old'") == Ticket("1", "x")


def test_what_is_filtered_need_have_no_fields() -> None:
    assert read({"kind": "ping"}, FieldMapping(id="a", text="b", filter="a")) == "filtered"


def test_avro_of_another_shape_is_read_with_its_own_schema() -> None:
    schema = {
        "type": "record",
        "name": "Case",
        "namespace": "com.example",
        "fields": [
            {"name": "number", "type": "long"},
            {"name": "opened", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "message", "type": {"type": "record", "name": "Message", "fields": [
                {"name": "html", "type": ["null", "string"]},
                {"name": "raw", "type": "bytes"},
            ]}},
        ],
    }  # fmt: skip
    out = BytesIO()
    out.write(b"\0\0\0\0\x09")
    datum = {"number": 5, "opened": 1_795_251_600_123_456, "message": {"html": "<p>hi", "raw": b""}}
    untyped = json.loads(json.dumps(schema).replace('"logicalType"', '"was"'))
    schemaless_writer(out, parse_schema(untyped), datum)
    mapping = FieldMapping(id="number", text="html(message.html)", created_at="opened")
    reader = EventReader(mapping)
    with pytest.raises(SchemaNeeded):
        reader.read(out.getvalue(), (), {})
    found = reader.read(out.getvalue(), (), {9: writer_schema(json.dumps(schema))})
    assert found == Ticket("5", "hi", created_at=1_795_251_600_123)


def test_our_own_avro_goes_through_the_mapping_too() -> None:
    value = encode_ticket(Ticket("t1", "hello", channel="chat"))
    found = EventReader(FieldMapping(id="id", text="text", subject="channel")).read(value, (), {})
    assert found == Ticket("t1", "hello", "chat")


def test_surrogates_deep_in_an_event_do_not_reach_a_ticket() -> None:
    mapping = FieldMapping(id="a.id", text="a.text")
    value = b'{"a": {"id": "x\\ud800", "text": "t\\udfff"}}'
    assert EventReader(mapping).read(value, (), {}) == Ticket("x\ufffd", "t\ufffd")


def test_without_mapping_and_filter_nothing_is_looked_up() -> None:
    assert reader_of(None, None) is read_ticket


def test_no_value_is_a_tombstone() -> None:
    with pytest.raises(UndecodableEvent, match="no value"):
        EventReader(MAPPING).read(None, (), {})
