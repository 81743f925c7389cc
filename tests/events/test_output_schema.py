"""Our schema in a registry: what is asked, and what is said when it does not fit.

A double answers as Confluent documents it; tests/integration/test_schema_registry.py asks a real
one.
"""

import base64
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from streams.classify.categories import Category
from streams.events.model import RoutedTicket, Source, Ticket
from streams.events.output_schema import OutputSchemaError, look, registered_encoder
from streams.events.registry_client import RegistryAwayError, RegistryClient
from streams.events.schemas import ROUTED
from streams.events.subjects import Strategy, subject_of
from streams.events.topics import Topics
from streams.events.wire import decode_routed
from streams.settings import Settings
from tests.delivery.events import classification

SETTINGS = Settings(categories=(Category("billing"), Category("a_b", topic="else.where")))
TOPICS = Topics.of(Settings())


class Double:
    """Subjects with the texts of their versions. Ids are ``first_id``, and on."""

    def __init__(self) -> None:
        self.subjects: dict[str, list[str]] = {}
        self.ids: dict[Any, int] = {}
        self.same_id = True
        self.compatible = True
        self.refuses = False
        self.asked: list[str] = []
        self.logins: set[str] = set()
        self.url = ""

    def id_of(self, subject: str, text: str) -> int:
        return self.ids.setdefault(text if self.same_id else (subject, text), len(self.ids) + 7)

    async def answer(self, request: web.Request) -> web.Response:  # noqa: PLR0911
        path = request.raw_path.partition("?")[0]
        self.asked.append(f"{request.method} {path}")
        self.logins.add(request.headers.get("Authorization", ""))
        body = await request.json()
        if match := re.fullmatch("/compatibility/subjects/([^/]+)/versions/latest", path):
            if match[1] not in self.subjects:
                return _error(404, 40401, "Subject not found.")
            messages = [] if self.compatible else ["{errorType:'MISSING'}"]
            return web.json_response({"is_compatible": self.compatible, "messages": messages})
        if match := re.fullmatch("/subjects/([^/]+)/versions", path):
            if self.refuses:
                return _error(409, 409, "Schema being registered is incompatible")
            self.subjects.setdefault(match[1], []).append(body["schema"])
            return web.json_response({"id": self.id_of(match[1], body["schema"])})
        match = re.fullmatch("/subjects/([^/]+)", path)
        assert match
        if match[1] not in self.subjects:
            return _error(404, 40401, "Subject not found.")
        if body["schema"] not in self.subjects[match[1]]:
            return _error(404, 40403, "Schema not found.")
        return web.json_response(
            {"id": self.id_of(match[1], body["schema"]), "subject": match[1], "version": 1}
        )


def _error(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"error_code": code, "message": message}, status=status)


@pytest.fixture
async def double() -> AsyncIterator[Double]:
    double = Double()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", double.answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    double.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield double
    await runner.cleanup()


async def encode(
    double: Double, strategy: Strategy = "TopicName", *, register: bool = True
) -> list[bytes]:
    """One routed ticket of each category."""
    topics = Topics.of(SETTINGS)
    client = RegistryClient(double.url)
    encoder = await registered_encoder(client, topics, strategy, auto_register=register)
    ticket, source = Ticket("t1", "hello"), Source("tickets", 0, 1)
    return [
        encoder.encode(RoutedTicket(ticket, classification(name), source))
        for name in topics.categories
    ]


@pytest.mark.parametrize(
    ("strategy", "subjects"),
    [
        ("TopicName", ["tickets.billing-value", "else.where-value", "tickets.unknown-value"]),
        ("RecordName", ["com.ticketstreams.RoutedTicket"]),
        (
            "TopicRecordName",
            [
                f"{topic}-com.ticketstreams.RoutedTicket"
                for topic in ("tickets.billing", "else.where", "tickets.unknown")
            ],
        ),
    ],
)
async def test_the_schema_is_registered_once_under_the_strategy_s_subjects(
    double: Double, strategy: Strategy, subjects: list[str]
) -> None:
    for _ in range(2):
        values = await encode(double, strategy)
        assert {value[:5] for value in values} == {b"\0\0\0\0\x07"}
        assert {decode_routed(value).ticket for value in values} == {Ticket("t1", "hello")}
    assert double.subjects == {subject: [ROUTED.text] for subject in subjects}


async def test_a_registry_with_an_id_for_each_subject_is_obeyed(double: Double) -> None:
    double.same_id = False
    markers = [value[:5] for value in await encode(double)]
    assert markers == [b"\0\0\0\0\x07", b"\0\0\0\0\x08", b"\0\0\0\0\x09"]


async def test_without_leave_to_register_nothing_is_written_and_all_is_named(
    double: Double,
) -> None:
    with pytest.raises(OutputSchemaError) as caught:
        await encode(double, "RecordName", register=False)
    assert "TICKET_STREAMS_AUTO_REGISTER_SCHEMAS" in str(caught.value)
    assert "com.ticketstreams.RoutedTicket" in str(caught.value)
    assert double.subjects == {}

    double.subjects["com.ticketstreams.RoutedTicket"] = [ROUTED.text]
    assert len(await encode(double, "RecordName", register=False)) == 3


@pytest.mark.parametrize("when", ["asked", "registered"])
async def test_a_subject_that_it_does_not_fit_is_named_with_its_setting(
    double: Double, when: str
) -> None:
    double.subjects["tickets.billing-value"] = ['"string"']
    double.compatible, double.refuses = when == "registered", when == "registered"
    with pytest.raises(OutputSchemaError) as caught:
        await encode(double)
    message = str(caught.value)
    assert message.startswith("TICKET_STREAMS_SUBJECT_STRATEGY: ")
    assert "tickets.billing-value" in message
    assert ("MISSING" if when == "asked" else "incompatible") in message
    assert "\n" not in message


async def test_a_look_changes_nothing(double: Double) -> None:
    state = await look(RegistryClient(double.url), "s")
    assert (state.schema_id, state.conflict) == (None, None)
    assert double.subjects == {}


@pytest.mark.parametrize("by", ["setting", "address"])
async def test_the_login_is_sent(double: Double, by: str) -> None:
    login = "né:pass:word"
    url = double.url.replace("http://", "http://n%C3%A9:pass%3Aword@") if by == "address" else None
    client = RegistryClient(url or double.url, user_info=None if url else login)
    await look(client, "s")
    assert double.logins == {"Basic " + base64.b64encode(login.encode()).decode()}


async def test_nobody_there_is_an_outage() -> None:
    with pytest.raises(RegistryAwayError) as caught:
        await look(RegistryClient("http://u:hidden@127.0.0.1:9"), "s")
    assert "hidden" not in str(caught.value)


def test_subjects_are_confluent_s() -> None:
    assert subject_of("t", "a.B", "TopicName") == "t-value"
    assert subject_of("t", "a.B", "RecordName") == "a.B"
    assert subject_of("t", "a.B", "TopicRecordName") == "t-a.B"


def test_what_is_registered_is_the_file() -> None:
    assert json.loads(ROUTED.text)["name"] == "RoutedTicket"
