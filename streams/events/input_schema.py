"""What producers may write to the input topic, as a registry has it: can we read it?

Asked at the start and by ``doctor`` only. A version that was registered later is met when its first
ticket comes, as any other (streams/events/registry.py).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import avro.errors
import avro.name
import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from streams.events.avro_values import writer_schema
from streams.events.errors import UndecodableEvent
from streams.events.registry import references_of
from streams.events.registry_client import (
    RegistryAwayError,
    RegistryClient,
    RegistryRefusedError,
)
from streams.events.schemas import TICKET
from streams.events.subjects import subject_of

MOST_VERSIONS = 10
"""Only the newest are looked at."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the subject of the input topic."""

    number: int
    problem: str | None
    """Why its tickets cannot be read; None if they can."""


@dataclass(frozen=True, slots=True)
class InputSubject:
    """What producers may write to an input topic."""

    name: str
    versions: Sequence[Version]
    """The newest, the latest first; empty where there is no such subject."""

    @property
    def refused(self) -> str | None:
        """For people: nothing that producers may write is a ticket to us; None if something is."""
        if not self.versions or len(self._unread) < len(self.versions):
            return None
        latest = self.versions[0]
        return (
            f"TICKET_STREAMS_MAPPING: no version of subject {self.name} can be read as tickets "
            f"(version {latest.number}: {latest.problem}): a mapping says where the fields are"
        )

    @property
    def warnings(self) -> list[str]:
        """For people, a line each: versions that are none of tickets, beside others that are."""
        if self.refused is not None:
            return []
        return [
            f"version {version.number} of subject {self.name} cannot be read as tickets: "
            f"{version.problem}; what is written with it becomes dead letters"
            for version in self._unread
        ]

    @property
    def _unread(self) -> list[Version]:
        return [version for version in self.versions if version.problem is not None]


async def look_at_input(client: RegistryClient, topic: str, *, mapped: bool) -> InputSubject:
    """The subject that producers use by default. With another strategy its name is theirs to
    know: then there is none of this name, and nothing to be said.

    With a mapping (``mapped``) a record may have any fields. Raises RegistryAwayError.
    """
    subject = subject_of(topic, TICKET.name, "TopicName")
    return InputSubject(subject, await _newest(client, subject, mapped=mapped))


async def _newest(client: RegistryClient, subject: str, *, mapped: bool) -> list[Version]:
    try:
        numbers = await client.get("subjects", subject, "versions")
    except RegistryRefusedError:
        return []
    if not isinstance(numbers, list):
        raise RegistryAwayError("this is no answer of a schema registry")
    newest = sorted((n for n in numbers if isinstance(n, int)), reverse=True)[:MOST_VERSIONS]
    return [Version(n, await _problem(client, subject, n, mapped=mapped)) for n in newest]


async def _problem(
    client: RegistryClient, subject: str, number: int, *, mapped: bool
) -> str | None:
    try:
        found = await client.get("subjects", subject, "versions", str(number))
    except RegistryRefusedError:
        return None  # deleted meanwhile
    if not isinstance(found, dict) or "schema" not in found:
        raise RegistryAwayError("this is no answer of a schema registry")
    match found.get("schemaType") or "AVRO":
        case "JSON":
            return None  # read as JSON, whatever its schema says
        case "AVRO":
            try:
                references = await references_of(client, found)
                writer_schema(found["schema"], references)
            except UndecodableEvent as error:
                return str(error)
            return None if mapped else next(misfits(found["schema"], references), None)
        case other:
            return f"it is {str(other)[:20]}, not Avro or JSON"


def misfits(text: str, references: Iterable[str] = ()) -> Iterator[str]:
    """Which fields of an Avro record are not what a ticket needs, a line each.

    ``references`` are schemas that it names, each before those that name it. A field that may be
    null, and must not, is none: a ticket that has it is read.
    """
    names = avro.name.Names()
    try:
        for other in references:
            avro.schema.make_avsc_object(json.loads(other), names)
        record: Any = avro.schema.make_avsc_object(json.loads(text), names)
        theirs = {field.name: field.type for field in record.fields}
    except (avro.errors.AvroException, AttributeError, ValueError):
        return  # stricter than our own reader, which takes it
    own: Any = avro.schema.parse(TICKET.text)
    for ours in own.fields:
        found = theirs.get(ours.name)
        if found is None:
            if not ours.has_default:
                yield f"it has no field {ours.name}"
        elif not _fits(ours.type, found):
            yield f"its field {ours.name} is {_name(found)}, not {_name(ours.type)}"


def _fits(ours: Any, theirs: Any) -> bool:
    branches = [branch for branch in _branches(theirs) if branch.type != "null"]
    check = ReaderWriterCompatibilityChecker().get_compatibility  # type: ignore[no-untyped-call]
    return bool(branches) and all(
        check(ours, branch).compatibility is SchemaCompatibilityType.compatible
        for branch in branches
    )


def _branches(schema: Any) -> list[Any]:
    return list(schema.schemas) if schema.type == "union" else [schema]


def _name(schema: Any) -> str:
    return " or ".join(getattr(b, "logical_type", None) or b.type for b in _branches(schema))
