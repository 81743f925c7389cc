import pytest

from streams.doctor import registry
from streams.doctor.registry import check_registry
from streams.events.input_schema import InputSubject, Version
from streams.settings import Settings
from tests.doctor.scene import only
from tests.doctor.server import answering


async def test_none_is_asked_where_none_is_set() -> None:
    assert await check_registry(Settings()) == []


@pytest.mark.parametrize(
    ("status", "body", "level", "told"),
    [
        (200, '["tickets-value"]', "ok", "1 subjects"),
        (200, "<html>", "wrong", "no answer of a schema registry"),
        (404, '{"error": "x"}', "wrong", "no answer of a schema registry (HTTP 404)"),
        (401, "", "wrong", "another login (HTTP 401)"),
    ],
)
async def test_what_answers_there_is_told(status: int, body: str, level: str, told: str) -> None:
    async with answering(status, body) as (url, _):
        finding = only(
            await check_registry(Settings(schema_registry_url=url, output_format="json"))
        )
    assert (finding.level, told in finding.message) == (level, True)


async def test_one_that_is_away_is_wrong_and_its_password_is_not_told() -> None:
    url = "http://user:hidden@127.0.0.1:1"
    finding = only(await check_registry(Settings(schema_registry_url=url, output_format="json")))
    assert finding.level == "wrong"
    assert finding.message.startswith("SCHEMA_REGISTRY_URL: ")
    assert "hidden" not in str(finding)


@pytest.mark.parametrize(
    ("problems", "levels"),
    [
        ([], ["ok"]),
        ([None, None], ["ok", "ok"]),
        ([None, "it has no field text"], ["ok", "warn"]),
        (["it has no field text"], ["ok", "wrong"]),
    ],
)
async def test_what_producers_may_write_is_looked_at(
    problems: list[str | None], levels: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(*_: object, **__: object) -> InputSubject:
        versions = [Version(9 - n, problem) for n, problem in enumerate(problems)]
        return InputSubject("tickets-value", versions)

    monkeypatch.setattr(registry, "look_at_input", look)
    async with answering(200, "[]") as (url, _):
        found = await check_registry(Settings(schema_registry_url=url, output_format="json"))
    assert [finding.level for finding in found] == levels
