"""Where a value says which schema of a registry it has: in its first bytes, or in a header."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from streams.events.errors import UndecodableEvent
from streams.events.headers import VALUE_SCHEMA_ID

SchemaId = int | UUID
"""A schema in a registry: its number there, or the identifier it has in every registry."""

CONFLUENT = b"\x00"
"""First byte of Confluent's format; the schema's id follows, 4 bytes big-endian."""
BY_GUID = 1
"""First byte of a header with a schema's GUID; 16 bytes follow."""

NUMBER_BYTES = 5
GUID_BYTES = 17

Headers = Sequence[tuple[str, bytes | None]]


class Framed(NamedTuple):
    """A value with a registry's schema; its payload begins at byte ``start``."""

    schema: SchemaId
    start: int


def framing(value: bytes, headers: Headers = ()) -> Framed | None:
    """Which schema ``value`` says it has; None if it does not say. Raises UndecodableEvent.

    As Confluent's own deserializers do it: the header wins, and the value is then all payload.
    """
    for name, said in headers:
        if name == VALUE_SCHEMA_ID:
            return Framed(_in_header(said or b""), 0)
    if not value.startswith(CONFLUENT):
        return None
    if len(value) < NUMBER_BYTES:
        raise UndecodableEvent("bad_avro", "the value ends inside the schema id")
    return Framed(_number(value), NUMBER_BYTES)


def without_schema(headers: Headers) -> list[tuple[str, bytes | None]]:
    """The headers of a value that was written anew: what named the schema of the old one is
    gone. Else Confluent's deserializers would read the new value with the old schema."""
    return [(name, value) for name, value in headers if name != VALUE_SCHEMA_ID]


def _in_header(said: bytes) -> SchemaId:
    if len(said) == GUID_BYTES and said[0] == BY_GUID:
        return UUID(bytes=said[1:])
    if len(said) == NUMBER_BYTES and said.startswith(CONFLUENT):
        return _number(said)
    raise UndecodableEvent("bad_avro", f"header {VALUE_SCHEMA_ID} holds no schema id")


def _number(marker: bytes) -> int:
    return int.from_bytes(marker[1:NUMBER_BYTES], "big")
