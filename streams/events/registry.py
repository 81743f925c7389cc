"""Tickets in Confluent's wire format: their schemas come from a registry, once each."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from weakref import WeakValueDictionary

import aiohttp
from tenacity import before_sleep_log, retry, retry_if_exception_type, wait_random_exponential

from streams.events.model import SkipReason, Ticket
from streams.events.wire import (
    SchemaLookup,
    SchemaNeeded,
    UndecodableEvent,
    WriterSchema,
    decode_ticket,
    writer_schema,
)

log = logging.getLogger(__name__)


Headers = Sequence[tuple[str, bytes | None]]

Read = Callable[[bytes | None, Headers, SchemaLookup], Ticket | SkipReason]
"""From an event's value and headers to its ticket, or to why it is none that anybody wants.

Raises UndecodableEvent, and SchemaNeeded for a schema that is not in the lookup.
"""


def read_ticket(value: bytes | None, headers: Headers, schemas: SchemaLookup) -> Ticket:
    """A ticket in our own shape."""
    del headers
    return decode_ticket(value, schemas)


class Registry:
    """Reads tickets; ``url`` is the address of a schema registry, None where there is none."""

    def __init__(self, url: str | None, read: Read = read_ticket) -> None:
        self._read = read
        self._url = url.rstrip("/") if url else None
        self._schemas: dict[int, WriterSchema] = {}
        self._asking: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def decode_known(self, value: bytes | None, headers: Headers = ()) -> Ticket | SkipReason:
        """The ticket of an event, at once. Raises UndecodableEvent; SchemaNeeded where its schema
        was not asked for yet."""
        return self._read(value, headers, self._schemas)

    async def decode_ticket(
        self, value: bytes | None, headers: Headers = ()
    ) -> Ticket | SkipReason:
        """The ticket of an event. Raises UndecodableEvent when the event itself is the trouble.

        While the registry is away this waits: an outage is back-pressure.
        """
        while True:
            try:
                return self._read(value, headers, self._schemas)
            except SchemaNeeded as needed:
                await self._learn(needed.schema_id)

    async def _learn(self, schema_id: int) -> None:
        """Ask for a schema, once for all who wait for it."""
        async with self._asking.setdefault(schema_id, asyncio.Lock()):
            if schema_id not in self._schemas:
                self._schemas[schema_id] = await self._fetch(schema_id)

    @retry(
        retry=retry_if_exception_type((aiohttp.ClientError, TimeoutError)),
        wait=wait_random_exponential(multiplier=0.5, max=15),
        before_sleep=before_sleep_log(log, logging.WARNING),
    )
    async def _fetch(self, schema_id: int) -> WriterSchema:
        if self._url is None:
            raise UndecodableEvent(
                "unknown_schema", f"schema {schema_id} is in a registry: set SCHEMA_REGISTRY_URL"
            )
        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{self._url}/schemas/ids/{schema_id}") as response,
        ):
            if response.status != 404:
                response.raise_for_status()
            try:
                body = json.loads(await response.read())
            except (ValueError, RecursionError):
                body = None
        if not isinstance(body, dict) or not {"schema", "error_code"} & body.keys():
            raise aiohttp.ClientPayloadError("this is no answer of a schema registry")
        if "schema" not in body:  # any other 404 may be a wrong SCHEMA_REGISTRY_URL
            raise UndecodableEvent("unknown_schema", f"the registry has no schema {schema_id}")
        return writer_schema(body["schema"])
