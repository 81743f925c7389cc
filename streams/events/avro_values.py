"""Avro values and what stands before them: a fingerprint of ours, or an id of a registry."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from fastavro import schemaless_reader, schemaless_writer
from fastavro.schema import SchemaParseException, fullname, parse_schema

from streams.events.errors import SchemaNeeded, UndecodableEvent
from streams.events.framing import NUMBER_BYTES, Framed, SchemaId
from streams.events.schemas import (
    TICKET,
    Json,
    RecordSchema,
    history,
    without_logical_types,
    writers,
)

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


SchemaLookup = Mapping[SchemaId, "WriterSchema | JsonSchema"]
"""A registry's schemas by id, as far as they are known."""


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """A JSON Schema of the registry's: the value is JSON, and is read like any other."""


def writer_schema(text: str, references: Iterable[str] = ()) -> WriterSchema:
    """A schema from the registry. Its record may have any name; its fields are matched by name.

    ``references`` are the texts of schemas that it names, each before those that name it. Raises
    UndecodableEvent (``unknown_schema``) if it is no schema that tickets can be read with.
    """
    try:
        named: dict[str, Json] = {}
        whole: dict[str, Json] = {}
        for other in references:
            parse_schema(without_logical_types(json.loads(other)), named_schemas=named)
            parse_schema(json.loads(other), named_schemas=whole)
        source = json.loads(text)
        if not isinstance(source, dict) or source.get("type") != "record":
            raise UndecodableEvent("unknown_schema", "the registry's schema is not an Avro record")
        return WriterSchema(
            parse_schema(without_logical_types(source), named_schemas=named),
            # Avro resolves records of the same name only.
            parse_schema({**json.loads(TICKET.text), "name": fullname(source)}),
            _units(source),
            parse_schema(source, named_schemas=whole),
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
    """Reads values of one record, in its current version or an older one.

    Raises UndecodableEvent: ``unknown_fingerprint`` or ``bad_avro``.
    """

    def __init__(self, schema: RecordSchema) -> None:
        self._schema = schema
        self._writers = writers(schema, history())
        self._newest_first = list(self._writers.values())[::-1]

    def read(self, value: bytes) -> dict[str, Any]:
        """The fields, with the defaults of those that the writer did not know."""
        writer = self._writers.get(value[:SINGLE_OBJECT_MARKER])
        if writer is None:
            found = value[2:SINGLE_OBJECT_MARKER].hex()
            raise UndecodableEvent(
                "unknown_fingerprint", f"no version of {self._schema.name} has fingerprint {found}"
            )
        return read_payload(value, SINGLE_OBJECT_MARKER, writer, self._schema.plain)

    def read_registered(self, value: bytes) -> dict[str, Any]:
        """The fields of a value of our own in Confluent's format, without asking any registry.

        Our versions only ever grow at their end (tests/events/test_contract.py), so at most one of
        them fills the value exactly: the one that it was written with.
        """
        failure = UndecodableEvent("bad_avro", "an empty value")
        for writer in self._newest_first:
            try:
                return read_payload(value, NUMBER_BYTES, writer, self._schema.plain)
            except UndecodableEvent as error:
                failure = error
        raise failure


def read_framed(value: bytes, framed: Framed, schemas: SchemaLookup) -> dict[str, Any] | None:
    """A ticket's fields from Avro with a registry's schema; None where that is a JSON Schema.

    Raises SchemaNeeded, UndecodableEvent.
    """
    known = _known(framed, schemas)
    if isinstance(known, JsonSchema):
        return None
    fields = read_payload(value, framed.start, known.writer, known.reader)
    if fields["created_at"] is not None:
        fields["created_at"] //= known.created_at_units
    return fields


def read_framed_whole(value: bytes, framed: Framed, schemas: SchemaLookup) -> dict[str, Any] | None:
    """All fields of an event with a registry's schema, as that has them; None where it is a JSON
    Schema. Raises SchemaNeeded, UndecodableEvent.
    """
    known = _known(framed, schemas)
    if isinstance(known, JsonSchema):
        return None
    return read_payload(value, framed.start, known.whole, None)


def _known(framed: Framed, schemas: SchemaLookup) -> WriterSchema | JsonSchema:
    known = schemas.get(framed.schema)
    if known is None:
        raise SchemaNeeded(framed.schema)
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
