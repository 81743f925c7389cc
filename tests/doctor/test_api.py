import time
from email.utils import formatdate

import pytest

from streams.doctor.api import check_api
from streams.local.standin import StandIn
from streams.settings import Settings
from tests.doctor.scene import only
from tests.doctor.server import answering

KEY = "sk-secret"


def settings(url: str, **changes: object) -> Settings:
    given = {"anthropic_api_key": KEY, "anthropic_base_url": url, **changes}
    return Settings(**given)  # type: ignore[arg-type]


def error(kind: str) -> str:
    return f'{{"type": "error", "error": {{"type": "{kind}", "message": "no"}}}}'


async def test_without_a_key_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    async with answering(200, "{}") as (url, seen):
        finding = only(await check_api(Settings(anthropic_base_url=url)))
    assert (finding.level, finding.message) == ("wrong", "ANTHROPIC_API_KEY is not set")
    assert not seen


async def test_both_models_are_asked_and_nothing_is_paid() -> None:
    async with answering(200, '{"input_tokens": 8}') as (url, seen):
        found = await check_api(settings(url))
    assert [finding.level for finding in found] == ["ok", "ok", "ok"]
    assert [finding.check for finding in found] == ["key", "key", "clock"]
    assert [request.path for request in seen] == ["/v1/messages/count_tokens"] * 2


@pytest.mark.parametrize(
    ("status", "kind", "level", "told"),
    [
        (401, "authentication_error", "wrong", "ANTHROPIC_API_KEY is refused (401)"),
        (402, "billing_error", "wrong", "the bill is not paid (402)"),
        (403, "permission_error", "wrong", "may not use claude-haiku-5-5 (403)"),
        (404, "not_found_error", "wrong", "TICKET_STREAMS_MODEL: the API has no"),
        (400, "invalid_request_error", "wrong", "refuses to count tokens"),
        (429, "rate_limit_error", "warn", "rate limit"),
        (529, "overloaded_error", "warn", "in trouble"),
    ],
)
async def test_each_refusal_says_what_to_change(
    status: int, kind: str, level: str, told: str
) -> None:
    async with answering(status, error(kind)) as (url, _):
        found = await check_api(settings(url, escalation_model="none"))
    key = only([finding for finding in found if finding.check == "key"])
    assert key.level == level
    assert told in key.message
    assert not any(KEY in str(finding) for finding in found)


async def test_a_refused_key_is_told_once() -> None:
    async with answering(401, error("authentication_error")) as (url, _):
        found = await check_api(settings(url))
    assert [finding.check for finding in found] == ["key", "clock"]


async def test_a_retired_model_of_the_second_tier_is_named_by_its_own_setting() -> None:
    with StandIn() as api:
        found = await check_api(settings(api.url, escalation_model="claude-3-5-haiku-20241022"))
    wrong = only([finding for finding in found if finding.level == "wrong"])
    assert wrong.message.startswith("TICKET_STREAMS_ESCALATION_MODEL: the API has no")


async def test_a_clock_that_is_off_is_told_by_the_apis_date() -> None:
    date = formatdate(time.time() + 3600, usegmt=True)
    async with answering(200, '{"input_tokens": 8}', {"Date": date}) as (url, _):
        found = await check_api(settings(url))
    clock = only([finding for finding in found if finding.check == "clock"])
    assert clock.level == "wrong"
    assert "s behind the API's" in clock.message


async def test_an_address_where_nobody_answers_names_its_setting() -> None:
    finding = only(await check_api(settings("http://127.0.0.1:1")))
    assert finding.level == "wrong"
    assert "ANTHROPIC_BASE_URL" in finding.advice


@pytest.mark.parametrize(
    ("body", "kind"), [("<html>log in</html>", "text/html"), ('{"ok": 1}', "application/json")]
)
async def test_a_page_of_a_proxy_is_not_taken_for_the_api(body: str, kind: str) -> None:
    async with answering(200, body, {"content-type": kind}) as (url, _):
        finding = only(await check_api(settings(url)))
    assert finding.level == "wrong"
    assert "is not the Messages API" in finding.message


async def test_a_key_that_cannot_be_one_is_named() -> None:
    async with answering(200, '{"input_tokens": 8}') as (url, _):
        finding = only(await check_api(settings(url, anthropic_api_key="sk-\udcffsecret")))
    assert finding.message.startswith("ANTHROPIC_API_KEY holds characters")
    assert "secret" not in str(finding)
