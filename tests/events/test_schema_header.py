"""The header that names a value's schema, as Confluent's own serializer writes it.

Apicurio Registry 3.3.3 has no GUIDs (tests/integration/test_schema_registry.py), so the registry
between is Confluent's own for tests, in memory; what it holds is told to us over HTTP.
"""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from confluent_kafka.schema_registry import (
    Schema,
    SchemaRegistryClient,
    header_schema_id_serializer,
)
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from streams.events.model import Ticket
from streams.events.registry import Registry
from streams.events.registry_client import RegistryClient
from streams.events.schemas import TICKET

OTHER = {
    "type": "record",
    "name": "com.other.Mail",
    "fields": [
        {"name": "urgent", "type": "boolean"},
        {"name": "text", "type": "string"},
        {"name": "id", "type": "string"},
    ],
}


class Confluent:
    """A producer of Confluent's, and its registry."""

    def __init__(self) -> None:
        self.client = SchemaRegistryClient.new_client({"url": "mock://"})
        self.asked: list[str] = []

    def event(self, schema: str, fields: Any) -> tuple[bytes, list[tuple[str, bytes]]]:
        """Value and headers; the schema is registered."""
        settings = {"schema.id.serializer": header_schema_id_serializer}
        write = AvroSerializer(self.client, schema, conf=settings)
        headers: list[Any] = [("mine", b"1")]
        context = SerializationContext("tickets", MessageField.VALUE, headers)
        return bytes(write(fields, context)), headers

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.match_info["guid"])
        found: Schema = self.client.get_schema_by_guid(request.match_info["guid"])
        return web.json_response({"schema": found.schema_str, "schemaType": found.schema_type})


@pytest.fixture
async def confluent() -> Confluent:
    return Confluent()


@pytest.fixture
async def registry(confluent: Confluent) -> AsyncIterator[Registry]:
    app = web.Application()
    app.router.add_get("/schemas/guids/{guid}", confluent.answer)
    server = TestServer(app)
    await server.start_server()
    yield Registry(RegistryClient(str(server.make_url(""))))
    await server.close()


async def test_a_ticket_of_confluent_s_serializer_is_read_by_its_header(
    confluent: Confluent, registry: Registry
) -> None:
    value, headers = confluent.event(TICKET.text, {"id": "1", "text": "hello", "channel": "web"})
    guid = dict(headers)["__value_schema_id"]
    assert value[0] not in (0, 0xC3)  # nothing stands before the payload
    for _ in range(2):
        assert await registry.decode_ticket(value, headers) == Ticket("1", "hello", channel="web")
    assert confluent.asked == [str(UUID(bytes=guid[1:]))]


async def test_so_is_one_of_another_schema(confluent: Confluent, registry: Registry) -> None:
    fields = {"id": "2", "text": "a", "urgent": True}
    value, headers = confluent.event(json.dumps(OTHER), fields)
    assert await registry.decode_ticket(value, headers) == Ticket("2", "a")
