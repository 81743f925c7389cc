"""The header families of dead letters: ours and Kafka Streams', Kafka Connect's, Spring's."""

from dataclasses import dataclass
from typing import NamedTuple

from streams.delivery.size import Headers
from streams.events import headers as names

OURS = "ticket-streams"
"""The family of what any of our installations gave up."""
NUMBER_DIGITS = 19
"""Of the largest offset there is."""
BINARY_NUMBERS = (4, 8)
"""Bytes of a Java int and a Java long."""


class Cause(NamedTuple):
    """Where the event of a dead letter was, and why it left; None and "" for what is not told."""

    family: str = "none"
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    timestamp: int | None = None
    """The event's own time, epoch milliseconds."""
    error_type: str = ""
    message: str = ""
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """Names of headers. Of several ``error_types`` the first that is there tells the most."""

    name: str
    topic: str
    partition: str
    offset: str
    timestamp: str
    error_types: tuple[str, ...]
    message: str
    stage: str


STREAMS = Family(
    "kafka-streams",
    names.SOURCE_TOPIC,
    names.SOURCE_PARTITION,
    names.SOURCE_OFFSET,
    names.SOURCE_TIMESTAMP,
    (names.ERROR_TYPE, names.EXCEPTION),
    names.MESSAGE,
    names.STAGE,
)
CONNECT = Family(
    "kafka-connect",
    names.CONNECT + "topic",
    names.CONNECT + "partition",
    names.CONNECT + "offset",
    names.CONNECT + "timestamp",
    (names.CONNECT + "exception.class.name",),
    names.CONNECT + "exception.message",
    names.CONNECT + "stage",
)
SPRING = Family(
    "spring",
    names.SPRING + "original-topic",
    names.SPRING + "original-partition",
    names.SPRING + "original-offset",
    names.SPRING + "original-timestamp",
    # The first is what the listener threw, the second Spring's wrapper around it.
    (names.SPRING + "exception-cause-fqcn", names.SPRING + "exception-fqcn"),
    names.SPRING + "exception-message",
    names.SPRING + "exception-stage",
)
FAMILIES = {family.topic: family for family in (STREAMS, CONNECT, SPRING)}

# Written by whoever gave the event up: not part of it. Spring's retry topics count in the last.
ERROR_PREFIXES = (
    names.DEAD_LETTER_SOURCE,
    "ticket-streams.error.",
    names.CONNECT,
    names.SPRING,
    names.SPRING_RETRY,
)
ERROR_NAMES = {names.ATTEMPT, names.COST, names.AT, names.SOURCE_TIMESTAMP, names.APP, names.RUN}


def cause_of(headers: Headers) -> Cause:
    """What the headers of a dead letter tell.

    An event may have been a dead letter before, elsewhere: the family that was added last counts,
    and in it the last header of each name.
    """
    family = next((FAMILIES[name] for name, _ in reversed(headers) if name in FAMILIES), None)
    if family is None:
        return Cause()
    said = dict(headers)
    ours = family is STREAMS and names.ERROR_TYPE in said
    return Cause(
        OURS if ours else family.name,
        text(said[family.topic]),
        number(said.get(family.partition)),
        number(said.get(family.offset)),
        number(said.get(family.timestamp)),
        next((text(said[name]) for name in family.error_types if name in said), ""),
        text(said.get(family.message)),
        text(said.get(family.stage)),
    )


def without_errors(headers: Headers) -> list[tuple[str, bytes | None]]:
    """The event's own headers: without any family of errors, and without an earlier redrive's."""
    return [
        (name, value)
        for name, value in headers
        if not name.startswith((*ERROR_PREFIXES, names.REDRIVE)) and name not in ERROR_NAMES
    ]


def text(value: bytes | None) -> str:
    """The header's value as text, whatever it is."""
    return (value or b"").decode(errors="replace")


def number(value: bytes | None) -> int | None:
    """Of decimal digits, or of 4 or 8 bytes as Java writes them; None for anything else.

    No doubt arises: eight digits read as binary would be an offset above 10**18.
    """
    if not value:
        return None
    if value.isdigit():
        return int(value) if len(value) <= NUMBER_DIGITS else None
    if len(value) in BINARY_NUMBERS:
        found = int.from_bytes(value, "big", signed=True)
        return found if found >= 0 else None
    return None
