"""Avro values and what stands before them: a fingerprint of ours, or an id of a registry."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from fastavro import schemaless_reader, schemaless_writer
from fastavro.schema import SchemaParseException, fullname, parse_schema

from streams.events.errors import SchemaNeeded, UndecodableEvent
from streams.events.schemas import (
    TICKET,
    Json,
    RecordSchema,
    history,
    without_logical_types,
    writers,
)

CONFLUENT = b"\x00"
"""First byte of Confluent's format; the schema's id follows, 4 bytes big-endian."""
CONFLUENT_MARKER = 5
SINGLE_OBJECT_MARKER = 10

# Units of a timestamp in one millisecond, by logical type.
UNITS_PER_MS = {"timestamp-millis": 1, "timestamp-micros": 1_000, "timestamp-nanos": 1_000_000}


@dataclass(frozen=True, slots=True)
class WriterSchema:
    """Somebody else's schema of tickets, ready to read their values as ours."""

    writer: Json
    reader: Json
    created_at_units: int
    """Units of its ``created_at`` in one millisecond."""
    whole: Json = None
    """As it was written, logical types too: for events of other shapes."""


SchemaLookup = Mapping[int, WriterSchema]
"""A registry's schemas by id, as far as they are known."""


def writer_schema(text: str) -> WriterSchema:
    """A schema from the registry. Its record may have any name; its fields are matched by name.

    Raises UndecodableEvent (``unknown_schema``) if it is no schema that tickets can be read with.
    """
    try:
        source = json.loads(text)
        if not isinstance(source, dict) or source.get("type") != "record":
            raise UndecodableEvent("unknown_schema", "the registry's schema is not an Avro record")
        return WriterSchema(
            parse_schema(without_logical_types(source)),
            # Avro resolves records of the same name only.
            parse_schema({**json.loads(TICKET.text), "name": fullname(source)}),
            _units(source),
            parse_schema(source),
        )
    except (SchemaParseException, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = type(error).__name__
        raise UndecodableEvent(
            "unknown_schema", f"the registry's schema cannot be used ({reason})"
        ) from None


def _units(record: dict[str, Any]) -> int:
    """Units per millisecond of ``created_at``; ValueError for a logical type that has no time."""
    for field in record["fields"]:
        if field["name"] == "created_at":
            branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
            for branch in branches:
                if isinstance(branch, dict) and (logical := branch.get("logicalType")):
                    return UNITS_PER_MS[logical.removeprefix("local-")]
    return 1


def frame(marker: bytes, schema: Json, datum: dict[str, Any]) -> bytes:
    """``datum`` as Avro after its marker. Raises ValueError, TypeError if it does not fit."""
    out = BytesIO()
    out.write(marker)
    schemaless_writer(out, schema, datum)
    return out.getvalue()


class Reader:
    """Reads single-object values of one record, in its current version or an older one.

    Raises UndecodableEvent: ``unknown_fingerprint`` or ``bad_avro``.
    """

    def __init__(self, schema: RecordSchema) -> None:
        self._schema = schema
        self._writers = writers(schema, history())

    def read(self, value: bytes) -> dict[str, Any]:
        """The fields, with the defaults of those that the writer did not know."""
        writer = self._writers.get(value[:SINGLE_OBJECT_MARKER])
        if writer is None:
            found = value[2:SINGLE_OBJECT_MARKER].hex()
            raise UndecodableEvent(
                "unknown_fingerprint", f"no version of {self._schema.name} has fingerprint {found}"
            )
        return read_payload(value, SINGLE_OBJECT_MARKER, writer, self._schema.plain)


def read_confluent(value: bytes, schemas: SchemaLookup) -> dict[str, Any]:
    """A ticket's fields from Confluent's format. Raises SchemaNeeded, UndecodableEvent."""
    known = _known(value, schemas)
    fields = read_payload(value, CONFLUENT_MARKER, known.writer, known.reader)
    if fields["created_at"] is not None:
        fields["created_at"] //= known.created_at_units
    return fields


def read_confluent_whole(value: bytes, schemas: SchemaLookup) -> dict[str, Any]:
    """All fields of an event in Confluent's format, as its own schema has them.

    Raises SchemaNeeded, UndecodableEvent.
    """
    return read_payload(value, CONFLUENT_MARKER, _known(value, schemas).whole, None)


def _known(value: bytes, schemas: SchemaLookup) -> WriterSchema:
    if len(value) < CONFLUENT_MARKER:
        raise UndecodableEvent("bad_avro", "the value ends inside the schema id")
    schema_id = int.from_bytes(value[1:CONFLUENT_MARKER], "big")
    known = schemas.get(schema_id)
    if known is None:
        raise SchemaNeeded(schema_id)
    return known


def read_payload(value: bytes, start: int, writer: Json, reader: Json) -> dict[str, Any]:
    """The record that begins at byte ``start`` and fills the value to its end."""
    stream = BytesIO(value)
    stream.seek(start)
    try:
        fields = schemaless_reader(stream, writer, reader)
    except Exception as error:
        # Damaged bytes raise nearly anything: EOFError, IndexError, UnicodeDecodeError. Only its
        # name is told on: some of the messages quote the bytes.
        reason = type(error).__name__
        raise UndecodableEvent(
            "bad_avro", f"not readable with its schema: {reason} near byte {stream.tell()}"
        ) from None
    left = len(value) - stream.tell()
    if left or not isinstance(fields, dict):
        raise UndecodableEvent("bad_avro", f"not the schema it was written with: {left} bytes left")
    return fields
