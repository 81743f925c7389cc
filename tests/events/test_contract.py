"""What others read must stay readable: schemas/ against all versions that ever left the house.

``released/`` holds a copy of every schema that a release had; a new release adds its own, and none
is ever changed or removed.
"""

import json
from itertools import pairwise
from pathlib import Path

import avro.schema
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from hypothesis import given

from streams.events.avro_values import frame
from streams.events.encode import confluent_encoder, routed_fields
from streams.events.errors import UndecodableEvent
from streams.events.model import RoutedTicket
from streams.events.schemas import (
    CALL,
    DONE,
    ROUTED,
    TICKET,
    RecordSchema,
    history,
    record_schema,
)
from streams.events.wire import decode_routed
from tests.events.samples import routed_tickets

CURRENT = {schema.name: schema for schema in (TICKET, ROUTED, CALL, DONE)}
RELEASED = [
    record_schema(file.read_text("utf-8"))
    for file in sorted((Path(__file__).parent / "released").glob("*.avsc"))
]
OLDER = [*RELEASED, *history()]


def can_read(reader: RecordSchema, writer: RecordSchema) -> bool:
    parse = avro.schema.parse
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    result = checker.get_compatibility(parse(reader.text), parse(writer.text))
    return bool(result.compatibility is SchemaCompatibilityType.compatible)


def test_every_schema_has_been_released() -> None:
    assert {schema.name for schema in RELEASED} == CURRENT.keys()


@pytest.mark.parametrize("older", OLDER, ids=lambda schema: schema.name)
def test_we_read_what_older_versions_wrote(older: RecordSchema) -> None:
    assert can_read(CURRENT[older.name], older)


@pytest.mark.parametrize("older", OLDER, ids=lambda schema: schema.name)
def test_older_versions_and_your_consumers_read_what_we_write(older: RecordSchema) -> None:
    assert can_read(older, CURRENT[older.name])


@pytest.mark.parametrize("released", RELEASED, ids=lambda schema: schema.name)
def test_what_was_released_is_current_or_in_the_history(released: RecordSchema) -> None:
    """Else values in single-object encoding that lie in the topics could not be read."""
    known = {CURRENT[released.name].marker, *(schema.marker for schema in history())}
    assert released.marker in known, "copy the older schema to schemas/history/ first"


def fields(schema: RecordSchema) -> list[str]:
    return [json.dumps(field["type"], sort_keys=True) for field in schema.plain["fields"]]


def test_routed_tickets_grow_at_their_end_only() -> None:
    """Our readers tell the version of a value in Confluent's format by where it ends."""
    versions = [s for s in OLDER if s.name == ROUTED.name]
    by_length = sorted([*versions, ROUTED], key=lambda schema: len(fields(schema)))
    for shorter, longer in pairwise(by_length):
        assert fields(longer)[: len(fields(shorter))] == fields(shorter)
        assert longer.field_names[: len(fields(shorter))] == shorter.field_names
    assert by_length[-1] is ROUTED


@given(routed_tickets)
def test_a_value_in_confluents_format_is_read_by_its_own_version_only(routed: RoutedTicket) -> None:
    value = confluent_encoder(7).encode(routed)
    assert decode_routed(value) == routed
    for wrong in (value[:10], value + b"\0"):
        with pytest.raises(UndecodableEvent):
            decode_routed(wrong)


@given(routed_tickets)
def test_routed_tickets_of_every_release_are_read(routed: RoutedTicket) -> None:
    for older in OLDER:
        if older.name == ROUTED.name:
            known = {n: v for n, v in routed_fields(routed).items() if n in older.field_names}
            assert decode_routed(frame(older.marker, older.plain, known)).ticket == routed.ticket
            registered = frame(b"\0\0\0\0\7", older.plain, known)
            assert decode_routed(registered).ticket == routed.ticket
