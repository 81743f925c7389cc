import pytest
from anthropic import AsyncAnthropic

from streams.local.standin import StandIn
from tests.local.standin.calls import (
    CATEGORIES,
    MANY,
    REFUND,
    answer_of,
    ask,
    body,
    schema_of,
    text_of,
    tickets,
)


async def test_a_message_has_the_full_shape(client: AsyncAnthropic) -> None:
    raw = await client.messages.with_raw_response.create(**body())
    message = (await raw.http_response.aread()) and raw.http_response.json()
    assert message.keys() == {
        "id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details",
        "usage",
    }  # fmt: skip
    assert message["id"].startswith("msg_")
    assert message["stop_reason"] == "end_turn"
    assert message["content"] == [
        {"type": "text", "text": '{"category":"billing","confidence":0.93}'}
    ]
    usage = message["usage"]
    assert usage.pop("input_tokens") > 0
    assert usage.pop("output_tokens") == 20
    assert usage == {
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens_details": {"thinking_tokens": 0},
        "server_tool_use": None,
        "service_tier": "standard",
        "inference_geo": "global",
    }
    assert raw.headers["request-id"].startswith("req_")
    assert raw.headers["x-standin"] == "simulation; classified by keywords"


async def test_the_same_text_is_answered_the_same(client: AsyncAnthropic) -> None:
    assert text_of(await ask(client)) == text_of(await ask(client))


async def test_an_alias_is_answered_by_the_model_it_means(client: AsyncAnthropic) -> None:
    assert (await ask(client, model="claude-haiku-4-5")).model == "claude-haiku-4-5-20251001"


async def test_text_blocks_and_a_ticket_element_are_read_like_plain_text(
    client: AsyncAnthropic,
) -> None:
    plain = text_of(await ask(client))
    blocks = [{"type": "text", "text": f"Sort this.\n<ticket>{REFUND}</ticket>"}]
    assert text_of(await ask(client, messages=[{"role": "user", "content": blocks}])) == plain


async def test_names_come_from_the_schema(client: AsyncAnthropic) -> None:
    schema = schema_of({"p": {"type": "number"}, "label": {"type": "string", "enum": CATEGORIES}})
    answer = answer_of(await ask(client, schema=schema))
    assert list(answer) == ["p", "label"]
    assert answer["label"] == "billing"


async def test_many_tickets_are_answered_by_id(client: AsyncAnthropic) -> None:
    text = tickets(REFUND, "The app crashes with an error", "I forgot my password")
    results = answer_of(await ask(client, text, schema=MANY))["results"]
    assert [(r["id"], r["category"]) for r in results] == [
        (1, "billing"), (2, "technical"), (3, "account"),
    ]  # fmt: skip
    assert all(0 <= r["confidence"] <= 1 for r in results)


async def test_without_a_schema_the_answer_is_json_all_the_same(client: AsyncAnthropic) -> None:
    assert answer_of(await ask(client, output_config=None))["category"] == "billing"


async def test_max_tokens_cuts_the_answer(client: AsyncAnthropic) -> None:
    message = await ask(client, max_tokens=5)
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 5
    assert text_of(message) == '{"category'


async def test_thinking_is_on_by_default_and_uses_up_max_tokens(client: AsyncAnthropic) -> None:
    cut = await ask(client, thinking=None, max_tokens=20)
    assert cut.stop_reason == "max_tokens"
    assert [block.type for block in cut.content] == ["thinking"]
    whole = await ask(client, thinking=None, max_tokens=4_000)
    assert [block.type for block in whole.content] == ["thinking", "text"]
    details = whole.usage.output_tokens_details
    assert details is not None
    assert details.thinking_tokens == whole.usage.output_tokens - 20


async def test_haiku_4_5_does_not_think_by_itself(client: AsyncAnthropic) -> None:
    message = await ask(client, model="claude-haiku-4-5", thinking=None)
    assert [block.type for block in message.content] == ["text"]


async def test_the_same_text_counts_more_tokens_on_haiku_5_5(client: AsyncAnthropic) -> None:
    text = "many words " * 1_000
    new = (await ask(client, text)).usage.input_tokens
    old = (await ask(client, text, model="claude-haiku-4-5")).usage.input_tokens
    assert new / old == pytest.approx(1.3, abs=0.02)


async def test_count_tokens_agrees_with_usage(client: AsyncAnthropic) -> None:
    asked = body()
    del asked["max_tokens"]
    counted = await client.messages.count_tokens(**asked)
    assert counted.input_tokens == (await ask(client)).usage.input_tokens


async def test_us_only_inference_costs_a_tenth_more(api: StandIn, client: AsyncAnthropic) -> None:
    await ask(client)
    usual = api.account()["by_model"]["claude-haiku-5-5"]["picodollars"]
    message = await ask(client, inference_geo="us")
    total = api.account()["by_model"]["claude-haiku-5-5"]["picodollars"]
    assert message.usage.inference_geo == "us"
    assert (total - usual) * 10 == usual * 11
