from typing import Any

import anthropic
import pytest
from aiohttp import ClientSession
from anthropic import AsyncAnthropic

from streams.local.standin import StandIn
from tests.local.standin.calls import OUTCOME, REFUND, ask, body, schema_of

USER = {"role": "user", "content": REFUND}


def _format(schema: object) -> dict[str, Any]:
    return {"format": {"type": "json_schema", "schema": schema}}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "100"}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"model": None}, "model: Field required"),
        ({"model": 5}, "model"),
        ({"messages": None}, "messages: Field required"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages.0"),
        ({"messages": [{"role": "user", "content": "  \n"}]}, "non-whitespace"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "text block"),
        ({"messages": [USER, {"role": "assistant", "content": "{"}]}, "prefill"),
        ({"messages": [{"role": "assistant", "content": "{"}, USER]}, "first message"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "surrogate"),
        ({"temperature": 1}, "temperature"),
        ({"top_p": 1}, "top_p"),
        ({"top_k": 1}, "top_k"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "thinking.type.enabled"),
        ({"thinking": {"type": "on"}}, "thinking.type"),
        ({"output_config": {"effort": "max"}}, "cannot be disabled"),
        ({"output_config": {"effort": "huge"}}, "effort"),
        ({"output_config": {"form": {}}}, "output_config.form"),
        ({"output_config": {"format": {"type": "json"}}}, "format.type"),
        ({"output_config": _format({})}, "schema"),
        ({"system": [{"type": "text", "text": "x", "cache_control": {"type": "x"}}]}, "ephemeral"),
        ({"inference_geo": "mars"}, "inference_geo"),
        ({"stream": True}, "stream"),
        ({"surprise": 1}, "surprise: Extra inputs are not permitted"),
    ],
)  # fmt: skip
async def test_what_the_api_refuses_is_a_400(
    api: StandIn, changes: dict[str, Any], named: str
) -> None:
    async with (
        ClientSession(headers={"x-api-key": "any"}) as session,
        session.post(f"{api.url}/v1/messages", json=body(**changes)) as reply,
    ):
        error = await reply.json()
        assert reply.status == 400
        assert error["type"] == "error"
        assert error["error"]["type"] == "invalid_request_error"
        assert named in error["error"]["message"]
        assert error["request_id"] == reply.headers["request-id"]
    assert api.account()["calls"] == {"400": 1}


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"9" * 10_000]
)
async def test_a_body_that_is_no_json_object_is_a_400(api: StandIn, raw: bytes) -> None:
    async with (
        ClientSession(headers={"x-api-key": "any"}) as session,
        session.post(f"{api.url}/v1/messages", data=raw) as reply,
    ):
        assert reply.status == 400


@pytest.mark.parametrize(
    "part",
    [
        {"type": "number", "minimum": 0},
        {"type": "number", "maximum": 1},
        {"type": "number", "multipleOf": 2},
        {"type": "string", "minLength": 1},
        {"type": "string", "maxLength": 9},
        {"type": "array", "items": {"type": "string"}, "minItems": 2},
        {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        {"type": "object", "properties": {}},
        {"$ref": "#"},
        {"$ref": "#/$defs/nowhere"},
    ],
    ids=str,
)
async def test_a_schema_that_the_api_does_not_support_is_a_400(
    client: AsyncAnthropic, part: dict[str, Any]
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=r"output_config\.format\.schema"):
        await ask(client, schema=schema_of({**OUTCOME, "extra": part}))


async def test_additional_properties_must_be_refused_by_the_schema(client: AsyncAnthropic) -> None:
    schema = schema_of(OUTCOME)
    del schema["additionalProperties"]
    with pytest.raises(anthropic.BadRequestError, match="additionalProperties"):
        await ask(client, schema=schema)


@pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")
@pytest.mark.parametrize("model", ["claude-3-5-haiku-20241022", "claude-haiku-5.5"])
async def test_a_retired_or_mistyped_model_is_a_404(client: AsyncAnthropic, model: str) -> None:
    with pytest.raises(anthropic.NotFoundError) as caught:
        await ask(client, model=model)
    assert caught.value.type == "not_found_error"
    assert model in str(caught.value)


async def test_a_body_over_32_mb_is_a_413(api: StandIn, client: AsyncAnthropic) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        await ask(client, "x" * (32 * 1024 * 1024))
    assert (caught.value.status_code, caught.value.type) == (413, "request_too_large")


@pytest.mark.parametrize("headers", [{}, {"x-api-key": ""}, {"authorization": "Basic abc"}])
async def test_without_a_key_nothing_is_answered(api: StandIn, headers: dict[str, str]) -> None:
    async with (
        ClientSession(headers=headers) as session,
        session.post(f"{api.url}/v1/messages", json=body()) as reply,
    ):
        assert reply.status == 401
        assert (await reply.json())["error"]["type"] == "authentication_error"


@pytest.mark.parametrize("name", ["x-api-key", "authorization"])
async def test_a_key_may_come_in_either_header(api: StandIn, name: str) -> None:
    value = "Bearer any" if name == "authorization" else "any"
    async with (
        ClientSession(headers={name: value}) as session,
        session.post(f"{api.url}/v1/messages", json=body()) as reply,
    ):
        assert reply.status == 200


async def test_only_the_key_that_was_set_is_valid() -> None:
    with StandIn(key="right") as api:
        async with AsyncAnthropic(base_url=api.url, api_key="wrong", max_retries=0) as client:
            with pytest.raises(anthropic.AuthenticationError):
                await ask(client)
            await ask(client.with_options(api_key="right"))
        assert api.account()["calls"] == {"200": 1, "401": 1}
