"""Which schemas of others are found to be tickets, and what is said of those that are not."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from streams.events.input_schema import InputSubject, Version, look_at_input, misfits
from streams.events.registry_client import RegistryAwayError, RegistryClient
from streams.events.schemas import TICKET

ID, TEXT = {"name": "id", "type": "string"}, {"name": "text", "type": "string"}
Subjects = dict[str, dict[int, dict[str, Any]]]


def record(*fields: Mapping[str, Any]) -> str:
    return json.dumps({"type": "record", "name": "com.other.Mail", "fields": fields})


@pytest.mark.parametrize(
    "schema",
    [
        TICKET.text,
        record(ID, TEXT),
        record(ID, TEXT, {"name": "more", "type": {"type": "array", "items": "int"}}),
        record(ID, {"name": "text", "type": ["null", "string"]}),
        record(ID, {"name": "text", "type": "bytes"}),
        record(ID, TEXT, {"name": "channel", "type": "string"}),
        record(
            ID,
            TEXT,
            {"name": "created_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        ),
    ],
)
def test_what_a_ticket_can_be_read_from_fits(schema: str) -> None:
    assert list(misfits(schema)) == []


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (record(ID), ["it has no field text"]),
        (record(), ["it has no field id", "it has no field text"]),
        (record({"name": "id", "type": "long"}, TEXT), ["its field id is long, not string"]),
        (record(ID, {"name": "text", "type": ["null", "int"]}),
         ["its field text is null or int, not string"]),
        (record(ID, TEXT, {"name": "created_at", "type": "string"}),
         ["its field created_at is string, not null or timestamp-millis"]),
    ],
)  # fmt: skip
def test_each_field_that_is_no_ticket_s_is_named(schema: str, said: list[str]) -> None:
    assert list(misfits(schema)) == said


def test_a_field_may_be_of_a_schema_that_is_named() -> None:
    body = json.dumps({"type": "record", "name": "com.other.Body", "fields": [TEXT]})
    found = misfits(record(ID, {"name": "text", "type": "com.other.Body"}), [body])
    assert list(found) == ["its field text is record, not string"]


@pytest.fixture
async def registry() -> AsyncIterator[tuple[RegistryClient, Subjects]]:
    """One that has these subjects."""
    subjects: Subjects = {}

    async def answer(request: web.Request) -> web.Response:
        subject, number = request.match_info["subject"], request.match_info.get("number")
        if subject not in subjects:
            return web.json_response({"error_code": 40401, "message": "no"}, status=404)
        return web.json_response(subjects[subject][int(number)] if number else [*subjects[subject]])

    app = web.Application()
    app.router.add_get("/subjects/{subject}/versions", answer)
    app.router.add_get("/subjects/{subject}/versions/{number}", answer)
    server = TestServer(app)
    await server.start_server()
    yield RegistryClient(str(server.make_url(""))), subjects
    await server.close()


async def test_the_latest_version_comes_first(
    registry: tuple[RegistryClient, Subjects],
) -> None:
    client, subjects = registry
    subjects["tickets-value"] = {
        1: {"schema": record(ID)},
        2: {"schema": record(ID, TEXT)},
        3: {"schema": "syntax = ...", "schemaType": "PROTOBUF"},
        4: {"schema": "{}", "schemaType": "JSON"},
    }
    found = await look_at_input(client, "tickets", mapped=False)
    assert found.name == "tickets-value"
    assert found.versions == [
        Version(4, None),
        Version(3, "it is PROTOBUF, not Avro or JSON"),
        Version(2, None),
        Version(1, "it has no field text"),
    ]


async def test_with_a_mapping_a_record_may_have_any_fields(
    registry: tuple[RegistryClient, Subjects],
) -> None:
    client, subjects = registry
    subjects["tickets-value"] = {1: {"schema": record()}, 2: {"schema": '"string"'}}
    latest, first = (await look_at_input(client, "tickets", mapped=True)).versions
    assert first.problem is None
    assert latest.problem == "the registry's schema is not an Avro record"


async def test_where_nobody_registered_a_schema_there_is_nothing_to_say(
    registry: tuple[RegistryClient, Subjects],
) -> None:
    found = await look_at_input(registry[0], "tickets", mapped=False)
    assert (found.versions, found.refused, found.warnings) == ([], None, [])


async def test_a_registry_that_is_away_says_so() -> None:
    with pytest.raises(RegistryAwayError):
        await look_at_input(RegistryClient("http://127.0.0.1:1"), "tickets", mapped=False)


def test_where_nothing_can_be_read_setting_subject_and_latest_version_are_named() -> None:
    versions = [Version(2, "it has no field text"), Version(1, "it has no field id")]
    subject = InputSubject("tickets-value", versions)
    assert subject.refused is not None
    assert subject.refused.startswith("TICKET_STREAMS_MAPPING: no version of subject tickets-value")
    assert "version 2: it has no field text" in subject.refused
    assert subject.warnings == []


def test_a_version_that_is_none_of_tickets_is_named_beside_others_that_are() -> None:
    subject = InputSubject("tickets-value", [Version(2, None), Version(1, "it has no field id")])
    assert subject.refused is None
    [warning] = subject.warnings
    assert "version 1 of subject tickets-value" in warning
    assert "it has no field id" in warning
