"""Events of other shapes: from their bytes to an object as JSON has it."""

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from streams.events.avro_values import SchemaLookup, read_framed_whole
from streams.events.decode import NO_SCHEMAS, read_own_ticket
from streams.events.errors import UndecodableEvent
from streams.events.framing import Headers, framing
from streams.events.json_values import read_object
from streams.events.schemas import SINGLE_OBJECT

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def decode_object(
    value: bytes | None, schemas: SchemaLookup = NO_SCHEMAS, headers: Headers = ()
) -> dict[str, Any]:
    """All that an event of the input topic says, in any of the formats.

    Avro with a registry's schema is read with that; times become epoch milliseconds, dates
    ISO 8601, decimals and UUIDs strings, bytes Latin-1. Raises UndecodableEvent, SchemaNeeded.
    """
    if value is None:
        raise UndecodableEvent("tombstone", "the event has no value")
    if (framed := framing(value, headers)) is not None:
        fields = read_framed_whole(value, framed, schemas)
        if fields is None:
            return read_object(value[framed.start :])
        found = as_json(fields)
        if not isinstance(found, dict):
            raise UndecodableEvent("bad_avro", "the value is no record")
        return found
    if value.startswith(SINGLE_OBJECT):
        return read_own_ticket(value)
    return read_object(value)


def as_json(value: object) -> Any:
    """``value`` with nothing in it that JSON has not."""
    match value:
        case Mapping():
            return {str(name): as_json(item) for name, item in value.items()}
        case list() | tuple():
            return [as_json(item) for item in value]
        case datetime():
            # A local timestamp has no offset: it is taken as UTC.
            moment = value if value.tzinfo else value.replace(tzinfo=UTC)
            return (moment - _EPOCH) // _MILLISECOND
        case date() | time() | Decimal() | uuid.UUID():
            return str(value)
        case bytes():
            return value.decode("latin-1")
        case _:
            return value
