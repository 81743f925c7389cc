"""Tickets whose schema is in a registry: a small one of ours, on a free port."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from fastavro import schemaless_writer
from tenacity import wait_none

from streams.events.avro_values import frame
from streams.events.framing import CONFLUENT
from streams.events.model import Ticket
from streams.events.registry import Registry
from streams.events.registry_client import RegistryClient
from streams.events.schemas import TICKET
from streams.events.wire import SchemaNeeded, UndecodableEvent

TEXT = {"schema": TICKET.text}
FIELDS = {"id": "t1", "text": "hello", "subject": None, "customer_id": None, "channel": None}


def event(schema_id: int = 7) -> bytes:
    marker = CONFLUENT + schema_id.to_bytes(4, "big")
    return frame(marker, TICKET.plain, {**FIELDS, "created_at": None})


class FakeRegistry:
    """Answers ``answers`` one after the other, and the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[str] = []
        self.url = ""

    def say(self, body: Any, status: int = 200) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append((status, raw))

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        await asyncio.sleep(0.01)
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=status, body=body)


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeRegistry]:
    monkeypatch.setattr(Registry._fetch.retry, "wait", wait_none())
    fake = FakeRegistry()
    app = web.Application()
    app.router.add_get("/{path:.*}", fake.answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield fake
    await runner.cleanup()


async def test_a_schema_is_asked_for_once(fake: FakeRegistry) -> None:
    fake.say(TEXT)
    registry = Registry(RegistryClient(fake.url + "/apis/ccompat/v7/"))
    for _ in range(3):
        assert await registry.decode_ticket(event()) == Ticket("t1", "hello")
    assert fake.asked == ["/apis/ccompat/v7/schemas/ids/7"]


async def test_many_who_wait_for_a_schema_ask_once(fake: FakeRegistry) -> None:
    fake.say(TEXT)
    registry = Registry(RegistryClient(fake.url))
    tickets = await asyncio.gather(*(registry.decode_ticket(event()) for _ in range(100)))
    assert set(tickets) == {Ticket("t1", "hello")}
    assert len(fake.asked) == 1
    assert not registry._asking  # nothing is remembered of who asked


async def test_two_schemas_do_not_wait_for_each_other(fake: FakeRegistry) -> None:
    fake.say(TEXT)
    registry = Registry(RegistryClient(fake.url))
    await asyncio.gather(*(registry.decode_ticket(event(n)) for n in (1, 2)))
    assert sorted(fake.asked) == ["/schemas/ids/1", "/schemas/ids/2"]


async def test_who_is_cancelled_does_not_take_the_others_along(fake: FakeRegistry) -> None:
    fake.say(TEXT)
    registry = Registry(RegistryClient(fake.url))
    first, second = (asyncio.create_task(registry.decode_ticket(event())) for _ in range(2))
    await asyncio.sleep(0.001)
    first.cancel()
    assert await second == Ticket("t1", "hello")
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_json_needs_no_registry() -> None:
    ticket = await Registry(None).decode_ticket(b'{"id":"t1","text":"hello"}')
    assert ticket == Ticket("t1", "hello")


async def test_without_a_registry_the_setting_is_named() -> None:
    with pytest.raises(UndecodableEvent, match="SCHEMA_REGISTRY_URL") as caught:
        await Registry(None).decode_ticket(event())
    assert caught.value.error_type == "unknown_schema"


@pytest.mark.parametrize(
    "answer",
    [
        ({"error_code": 40403, "message": "Schema not found"}, 404),
        ({"schema": '"string"'}, 200),
        ({"schema": "{"}, 200),
        ({"schema": 7}, 200),
        ({"schema": '{"type":"record","name":"x","fields":[]}'}, 200),
        ({"schema": '{"type":"record","name":"x"}'}, 200),
    ],
)
async def test_a_schema_that_is_not_there_or_not_of_tickets_is_the_event_s_trouble(
    fake: FakeRegistry, answer: tuple[Any, int]
) -> None:
    fake.say(*answer)
    with pytest.raises(UndecodableEvent) as caught:
        await Registry(RegistryClient(fake.url)).decode_ticket(event())
    assert caught.value.error_type in ("unknown_schema", "bad_avro")
    assert len(fake.asked) == 1


async def test_a_schema_that_was_missing_is_asked_for_again(fake: FakeRegistry) -> None:
    fake.say({"error_code": 40403}, 404)
    fake.say(TEXT)
    registry = Registry(RegistryClient(fake.url))
    with pytest.raises(UndecodableEvent):
        await registry.decode_ticket(event())
    assert await registry.decode_ticket(event()) == Ticket("t1", "hello")


@pytest.mark.parametrize(
    "answer",
    [
        ({"error_code": 50001}, 500),
        (b"", 503),
        ({"error_code": 401}, 401),
        (b"<html>404 of a proxy, or of a wrong address</html>", 404),
        (b"<html>welcome</html>", 200),
        (b"", 200),
        (b"null", 200),
        (b"[]", 200),
        (b"\xff\xfe", 200),
        (b"[" * 100_000, 200),
        ({"hello": "world"}, 200),
    ],
)
async def test_a_registry_in_trouble_is_waited_for(
    fake: FakeRegistry, answer: tuple[Any, int], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        fake.say(*answer)
    fake.say(TEXT)
    with caplog.at_level(logging.WARNING):
        ticket = await Registry(RegistryClient(fake.url)).decode_ticket(event())
    assert ticket == Ticket("t1", "hello")
    assert len(fake.asked) == 6
    assert "Retrying" in caplog.text


async def test_a_registry_that_is_away_is_waited_for(fake: FakeRegistry) -> None:
    fake.say(TEXT)
    client = RegistryClient("http://127.0.0.1:9")  # discard: nobody listens
    registry = Registry(client)
    waiting = asyncio.create_task(registry.decode_ticket(event()))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    client._url = fake.url
    assert await waiting == Ticket("t1", "hello")


async def test_a_password_in_the_address_is_not_logged(
    fake: FakeRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    fake.say(b"", 500)
    fake.say(TEXT)
    url = fake.url.replace("http://", "http://user:hunter2@")
    with caplog.at_level(logging.DEBUG):
        await Registry(RegistryClient(url)).decode_ticket(event())
    assert "500" in caplog.text
    assert "hunter2" not in caplog.text


# ---- references, the header form, other kinds of schema

CUSTOMER = {"type": "record", "name": "com.x.Customer", "fields": [{"name": "n", "type": "string"}]}
WITH_REFERENCE = {
    "type": "record",
    "name": "com.x.Case",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "customer", "type": "com.x.Customer"},
        {"name": "text", "type": "string"},
    ],
}
REFERENCE = {"name": "com.x.Customer", "subject": "cust/omer value", "version": 3}
GUID = UUID("12345678-1234-5678-1234-567812345678")


async def test_a_schema_that_names_others_is_read_with_them(fake: FakeRegistry) -> None:
    fake.say({"schema": json.dumps(WITH_REFERENCE), "references": [REFERENCE]})
    fake.say({"schema": json.dumps(CUSTOMER), "references": []})
    out = BytesIO()
    whole = {**WITH_REFERENCE, "fields": [dict(f) for f in WITH_REFERENCE["fields"]]}  # type: ignore[arg-type]
    whole["fields"][1]["type"] = CUSTOMER  # type: ignore[index]
    schemaless_writer(out, whole, {"id": "t1", "customer": {"n": "N"}, "text": "hello"})
    ticket = await Registry(RegistryClient(fake.url)).decode_ticket(
        CONFLUENT + b"\0\0\0\x07" + out.getvalue()
    )
    assert ticket == Ticket("t1", "hello")
    assert fake.asked == ["/schemas/ids/7", "/subjects/cust/omer value/versions/3"]


async def test_schemas_that_name_each_other_end(fake: FakeRegistry) -> None:
    fake.say({"schema": json.dumps(WITH_REFERENCE), "references": [REFERENCE]})
    with pytest.raises(UndecodableEvent) as caught:
        await Registry(RegistryClient(fake.url)).decode_ticket(event())
    assert caught.value.error_type == "unknown_schema"
    assert len(fake.asked) == 2


async def test_a_reference_that_is_gone_is_named(fake: FakeRegistry) -> None:
    fake.say({"schema": json.dumps(WITH_REFERENCE), "references": [REFERENCE]})
    fake.say({"error_code": 40402, "message": "Version not found"}, 404)
    with pytest.raises(UndecodableEvent, match="version 3 of cust/omer value"):
        await Registry(RegistryClient(fake.url)).decode_ticket(event())


async def test_the_schema_may_be_named_in_a_header(fake: FakeRegistry) -> None:
    fake.say(TEXT)
    registry = Registry(RegistryClient(fake.url))
    payload = event()[5:]
    for header in (b"\x01" + GUID.bytes, b"\x00\x00\x00\x00\x07"):
        headers = [("other", None), ("__value_schema_id", header)]
        with pytest.raises(SchemaNeeded):
            registry.decode_known(payload, headers)
        assert await registry.decode_ticket(payload, headers) == Ticket("t1", "hello")
        assert registry.decode_known(payload, headers) == Ticket("t1", "hello")
    assert fake.asked == [f"/schemas/guids/{GUID}", "/schemas/ids/7"]


@pytest.mark.parametrize("header", [b"", None, b"\x01", b"\x02" + GUID.bytes, b"\x00\x07"])
def test_a_header_that_names_no_schema_is_the_event_s_trouble(header: bytes | None) -> None:
    with pytest.raises(UndecodableEvent, match="__value_schema_id") as caught:
        Registry(None).decode_known(event(), [("__value_schema_id", header)])
    assert caught.value.error_type == "bad_avro"


async def test_json_with_a_json_schema_is_read_as_json(fake: FakeRegistry) -> None:
    fake.say({"schema": "{}", "schemaType": "JSON"})
    value = b'\x00\x00\x00\x00\x07{"id":"t1","text":"hello"}'
    ticket = await Registry(RegistryClient(fake.url)).decode_ticket(value)
    assert ticket == Ticket("t1", "hello")


async def test_protobuf_is_named(fake: FakeRegistry) -> None:
    fake.say({"schema": "syntax = 'proto3';", "schemaType": "PROTOBUF"})
    with pytest.raises(UndecodableEvent, match="schema 7 is PROTOBUF"):
        await Registry(RegistryClient(fake.url)).decode_ticket(event())
