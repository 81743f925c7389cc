"""Tickets with a registry's schema: their schemas come from there, once each."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from tenacity import before_sleep_log, retry, retry_if_exception_type, wait_random_exponential

from streams.events.avro_values import JsonSchema, SchemaLookup, WriterSchema
from streams.events.framing import Headers, SchemaId
from streams.events.model import SkipReason, Ticket
from streams.events.registry_client import (
    NotFoundError,
    RegistryAwayError,
    RegistryClient,
    RegistryRefusedError,
)
from streams.events.wire import SchemaNeeded, UndecodableEvent, decode_ticket, writer_schema

log = logging.getLogger(__name__)

MOST_REFERENCES = 100
"""Of one schema, those of its references included."""


Read = Callable[[bytes | None, Headers, SchemaLookup], Ticket | SkipReason]
"""From an event's value and headers to its ticket, or to why it is none that anybody wants.

Raises UndecodableEvent, and SchemaNeeded for a schema that is not in the lookup.
"""


def read_ticket(value: bytes | None, headers: Headers, schemas: SchemaLookup) -> Ticket:
    """A ticket in our own shape."""
    return decode_ticket(value, schemas, headers)


class Registry:
    """Reads tickets; ``client`` is None where there is no schema registry. ``read_of`` says what
    reads the events of a topic; all are read by ``read`` if not given."""

    def __init__(
        self,
        client: RegistryClient | None,
        read: Read = read_ticket,
        read_of: Callable[[str], Read] | None = None,
    ) -> None:
        self._read_of = read_of or (lambda _: read)
        self._client = client
        self._schemas: dict[SchemaId, WriterSchema | JsonSchema] = {}
        self._asking: WeakValueDictionary[SchemaId, asyncio.Lock] = WeakValueDictionary()

    def decode_known(
        self, value: bytes | None, headers: Headers = (), topic: str = ""
    ) -> Ticket | SkipReason:
        """The ticket of an event of ``topic``, at once. Raises UndecodableEvent; SchemaNeeded where
        its schema was not asked for yet."""
        return self._read_of(topic)(value, headers, self._schemas)

    async def decode_ticket(
        self, value: bytes | None, headers: Headers = (), topic: str = ""
    ) -> Ticket | SkipReason:
        """The ticket of an event of ``topic``. Raises UndecodableEvent when the event itself is the
        trouble.

        While the registry is away this waits: an outage is back-pressure.
        """
        while True:
            try:
                return self._read_of(topic)(value, headers, self._schemas)
            except SchemaNeeded as needed:
                await self._learn(needed.schema_id)

    async def _learn(self, schema_id: SchemaId) -> None:
        """Ask for a schema, once for all who wait for it."""
        async with self._asking.setdefault(schema_id, asyncio.Lock()):
            if schema_id not in self._schemas:
                self._schemas[schema_id] = await self._fetch(schema_id)

    @retry(
        retry=retry_if_exception_type(RegistryAwayError),
        wait=wait_random_exponential(multiplier=0.5, max=15),
        before_sleep=before_sleep_log(log, logging.WARNING),
    )
    async def _fetch(self, schema_id: SchemaId) -> WriterSchema | JsonSchema:
        if self._client is None:
            raise UndecodableEvent(
                "unknown_schema", f"schema {schema_id} is in a registry: set SCHEMA_REGISTRY_URL"
            )
        kind = "guids" if isinstance(schema_id, UUID) else "ids"
        missing = f"the registry has no schema {schema_id}"
        try:
            found = await _get(self._client, missing, "schemas", kind, str(schema_id))
        except NotFoundError:
            if kind == "ids":
                raise
            # Not every registry has GUIDs; its events must not be waited for then. Raises if the
            # address is wrong altogether.
            await self._client.get("subjects")
            raise UndecodableEvent("unknown_schema", "the registry does not know GUIDs") from None
        match found.get("schemaType") or "AVRO":
            case "JSON":
                return JsonSchema()
            case "AVRO":
                return writer_schema(found["schema"], await references_of(self._client, found))
            case other:
                raise UndecodableEvent(
                    "unknown_schema", f"schema {schema_id} is {str(other)[:20]}, not Avro or JSON"
                )


async def references_of(client: RegistryClient, schema: dict[str, Any]) -> list[str]:
    """The texts of all schemas that this one names, each before those that name it.

    Raises RegistryAwayError, UndecodableEvent.
    """
    found: dict[tuple[str, str], str] = {}
    seen: set[tuple[str, str]] = set()

    async def follow(references: Any) -> None:
        for subject, version in _places(references):
            if (subject, version) in seen:
                continue
            seen.add((subject, version))
            if len(seen) > MOST_REFERENCES:
                raise UndecodableEvent("unknown_schema", "a schema of too many references")
            missing = f"the registry has no version {version} of {subject}, which a schema needs"
            other = await _get(client, missing, "subjects", subject, "versions", version)
            await follow(other.get("references"))
            found[subject, version] = other["schema"]

    await follow(schema.get("references"))
    return list(found.values())


async def _get(client: RegistryClient, missing: str, *path: str) -> dict[str, Any]:
    """A schema and what is said of it. Raises RegistryAwayError, and UndecodableEvent with the
    message ``missing`` where the registry says that it has no such thing."""
    try:
        answer = await client.get(*path)
    except RegistryRefusedError as error:
        if error.missing:
            raise UndecodableEvent("unknown_schema", missing) from None
        raise RegistryAwayError(f"it does not answer what was asked ({error.code})") from None
    if not isinstance(answer, dict) or "schema" not in answer:
        raise RegistryAwayError("this is no answer of a schema registry")
    return answer


def _places(references: Any) -> list[tuple[str, str]]:
    try:
        return [(str(one["subject"]), str(one["version"])) for one in references or ()]
    except (TypeError, KeyError):
        raise RegistryAwayError("this is no answer of a schema registry") from None
