"""From the bytes of a topic to our dataclasses.

Every function raises UndecodableEvent for bytes that are not what they should be.
"""

from dataclasses import fields
from types import MappingProxyType
from typing import Any

from fastavro.validation import validate

from streams.events.avro_values import Reader, SchemaLookup, read_framed
from streams.events.errors import UndecodableEvent
from streams.events.framing import CONFLUENT, Headers, framing
from streams.events.json_values import read_object, ticket_of
from streams.events.model import (
    CallRecord,
    Classification,
    Done,
    RoutedTicket,
    Share,
    SkippedEvents,
    SkippedRun,
    Source,
    Ticket,
)
from streams.events.schemas import CALL, DONE, ROUTED, SINGLE_OBJECT, SKIPPED, TICKET

NO_SCHEMAS: SchemaLookup = MappingProxyType({})

_TICKETS = Reader(TICKET)
_ROUTED = Reader(ROUTED)
_CALLS = Reader(CALL)
_DONE = Reader(DONE)
_SKIPPED = Reader(SKIPPED)

_ROUTED_DEFAULTS = {field["name"]: field.get("default") for field in ROUTED.plain["fields"]}
_TICKET_NAMES = tuple(field.name for field in fields(Ticket))
_RESULT_NAMES = tuple(field.name for field in fields(Classification))


def decode_ticket(
    value: bytes | None, schemas: SchemaLookup = NO_SCHEMAS, headers: Headers = ()
) -> Ticket:
    """The ticket in a value of the input topic, in any of the formats.

    Raises UndecodableEvent; and SchemaNeeded for an id that is not in ``schemas``.
    """
    if value is None:
        raise UndecodableEvent("tombstone", "the event has no value")
    if (framed := framing(value, headers)) is not None:
        fields = read_framed(value, framed, schemas)
        return ticket_of(read_object(value[framed.start :])) if fields is None else Ticket(**fields)
    if value.startswith(SINGLE_OBJECT):
        return Ticket(**_TICKETS.read(value))
    return ticket_of(read_object(value))


def read_own_ticket(value: bytes) -> dict[str, Any]:
    """The fields of a ticket in single-object encoding. Raises UndecodableEvent."""
    return _TICKETS.read(value)


def decode_routed(value: bytes) -> RoutedTicket:
    """The value of a category topic, in any of the three formats; it needs no registry."""
    if value.startswith(SINGLE_OBJECT):
        found = _ROUTED.read(value)
    elif value.startswith(CONFLUENT):
        found = _ROUTED.read_registered(value)
    else:
        found = _routed_json(value)
    return RoutedTicket(
        Ticket(*[found[name] for name in _TICKET_NAMES]),
        Classification(**{name: found[name] for name in _RESULT_NAMES}),
        Source(found["source_topic"], found["source_partition"], found["source_offset"]),
    )


def _routed_json(value: bytes) -> dict[str, Any]:
    found = read_object(value)
    known = {name: found.get(name, default) for name, default in _ROUTED_DEFAULTS.items()}
    if not validate(known, ROUTED.plain, raise_errors=False):
        raise UndecodableEvent("not_a_ticket", f"its fields are not those of {ROUTED.name}")
    return known


def decode_call(value: bytes, number: int | None = None) -> CallRecord:
    """The value of the calls topic; ``number`` is the partition of ours that it stands in, which
    whoever adds up rows needs."""
    found = _CALLS.read(value)
    found["shares"] = tuple(Share(**share) for share in found["shares"])
    lasting = None if number == found["source_partition"] else number
    return CallRecord(**found, lasting=lasting)


def decode_done(value: bytes) -> Done:
    """The value of the done topic."""
    found = _DONE.read(value)
    result = found["result"]
    return Done(
        found["source_offset"],
        found["released"],
        None if result is None else Classification(**result),
        found["ask_again"],
    )


def decode_skipped(value: bytes) -> SkippedEvents:
    """The value of the skipped topic."""
    found = _SKIPPED.read(value)
    found["runs"] = tuple(SkippedRun(**run) for run in found["runs"])
    return SkippedEvents(**found)
