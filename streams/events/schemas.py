"""The Avro schemas of the topics, as shipped in the folder ``schemas/``.

Each is kept twice: as its file says, for a registry and for people, and *plain*, without logical
types, for reading and writing. Plain timestamps stay the integers that our dataclasses hold.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from fastavro.schema import fingerprint, fullname, parse_schema, to_parsing_canonical_form

Json = Any
"""A schema as parsed JSON, or as fastavro parsed it: neither has a narrower type."""

SINGLE_OBJECT = b"\xc3\x01"
"""First bytes of Avro's single-object encoding; the writer's fingerprint (8 bytes) follows."""


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """One schema of ours."""

    name: str
    """Full name, such as ``com.ticketstreams.Ticket``."""
    text: str
    """The file, for a registry."""
    plain: Json
    """Parsed for fastavro, without logical types."""
    marker: bytes
    """The ten bytes before a value in single-object encoding: C3 01 and the fingerprint."""

    @property
    def field_names(self) -> tuple[str, ...]:
        """The record's fields in the order of the schema."""
        return tuple(field["name"] for field in self.plain["fields"])


def without_logical_types(schema: Json) -> Json:
    """A copy of a schema in which every value has its underlying type only."""
    if isinstance(schema, dict):
        return {k: without_logical_types(v) for k, v in schema.items() if k != "logicalType"}
    if isinstance(schema, list):
        return [without_logical_types(item) for item in schema]
    return schema


def record_schema(text: str) -> RecordSchema:
    """A schema from the text of its file. Raises fastavro's SchemaParseException, ValueError."""
    source = json.loads(text)
    # fastavro writes the fingerprint's bytes in the order of the encoding: little-endian.
    digest = fingerprint(to_parsing_canonical_form(source), "CRC-64-AVRO")
    return RecordSchema(
        fullname(source),
        text,
        parse_schema(without_logical_types(source)),
        SINGLE_OBJECT + bytes.fromhex(digest),
    )


def schema_folder() -> Traversable:
    """``streams/schemas`` in an installed wheel, ``schemas`` beside the package in a checkout."""
    package = files("streams")
    installed = package / "schemas"
    return installed if installed.is_dir() else Path(str(package)).parent / "schemas"


def load(name: str) -> RecordSchema:
    """The current schema ``name``, such as ``ticket``. Raises FileNotFoundError."""
    return record_schema((schema_folder() / f"{name}.avsc").read_text("utf-8"))


def history() -> Iterator[RecordSchema]:
    """Older versions, whose values may still lie in the topics: ``schemas/history/*.avsc``."""
    folder = schema_folder() / "history"
    if folder.is_dir():
        for file in folder.iterdir():
            if file.name.endswith(".avsc"):
                yield record_schema(file.read_text("utf-8"))


def writers(current: RecordSchema, older: Iterable[RecordSchema]) -> Mapping[bytes, Json]:
    """Plain schema by marker: every version of ``current`` that can be read."""
    versions = [schema for schema in older if schema.name == current.name]
    return {schema.marker: schema.plain for schema in [*versions, current]}


TICKET = load("ticket")
ROUTED = load("routed_ticket")
CALL = load("call")
DONE = load("done")
SKIPPED = load("skipped")
