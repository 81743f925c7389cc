import json
from pathlib import Path
from typing import Any

import pytest
from anthropic import AsyncAnthropic

from streams.local.standin import StandIn
from streams.local.standin.ledger import digest
from tests.local.standin.calls import MANY, REFUND, ask, tickets

# $ per million tokens: in, out, cache write 5 m, cache write 1 h, cache read. Written down once
# more, by hand: this is the check of the stand-in's own table.
DOLLARS = {
    "claude-haiku-5-5": (0.10, 0.50, 0.125, 0.20, 0.01),
    "claude-haiku-4-5-20251001": (1, 5, 1.25, 2, 0.10),
    "claude-sonnet-5-5": (2, 10, 2.50, 4, 0.10),
    "claude-opus-5-5": (4, 20, 5, 8, 0.20),
}
LONG = (0.50, 2.50, 0.625, 1.00, 0.05)


def _expected(usage: Any, dollars: tuple[float, ...]) -> int:
    """Pico-dollars of one answer, from what the answer itself said."""
    tokens = (
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_creation.ephemeral_5m_input_tokens,
        usage.cache_creation.ephemeral_1h_input_tokens,
        usage.cache_read_input_tokens,
    )
    return sum(n * round(price * 1_000_000) for n, price in zip(tokens, dollars, strict=True))


def _system(words: int, **control: str) -> list[dict[str, Any]]:
    return [
        {
            "type": "text",
            "text": "Sort support tickets. " * words,
            "cache_control": {"type": "ephemeral", **control},
        }
    ]


@pytest.mark.parametrize("model", DOLLARS)
async def test_the_account_is_the_sum_of_what_the_answers_said(
    api: StandIn, client: AsyncAnthropic, model: str
) -> None:
    usages = [
        (await ask(client, text, model=model, system=system)).usage
        for system in (None, _system(1_000), _system(1_000, ttl="1h"), "plain")
        for text in (REFUND, "The app crashes")
    ]
    assert sum(u.cache_read_input_tokens or 0 for u in usages) > 0
    assert api.account()["by_model"] == {
        model: {
            "input_tokens": sum(u.input_tokens for u in usages),
            "output_tokens": sum(u.output_tokens for u in usages),
            "cache_creation_input_tokens": sum(u.cache_creation_input_tokens or 0 for u in usages),
            "cache_read_input_tokens": sum(u.cache_read_input_tokens or 0 for u in usages),
            "picodollars": sum(_expected(u, DOLLARS[model]) for u in usages),
        }
    }
    assert api.account()["calls"] == {"200": len(usages)}


async def test_a_long_prompt_pays_more_for_the_whole_request(
    api: StandIn, client: AsyncAnthropic
) -> None:
    usage = (await ask(client, "abcdefg" * 50_000)).usage
    assert usage.input_tokens > 100_000
    account = api.account()["by_model"]["claude-haiku-5-5"]
    assert account["picodollars"] == _expected(usage, LONG)


async def test_cached_tokens_count_towards_a_long_prompt(
    api: StandIn, client: AsyncAnthropic
) -> None:
    system = _system(16_000)
    usages = [(await ask(client, system=system)).usage for _ in range(2)]
    assert (usages[1].cache_read_input_tokens or 0) > 100_000
    assert usages[1].input_tokens < 1_000
    account = api.account()["by_model"]["claude-haiku-5-5"]
    assert account["picodollars"] == sum(_expected(u, LONG) for u in usages)


async def test_reset_clears_the_account(api: StandIn, client: AsyncAnthropic) -> None:
    await ask(client)
    api.reset()
    account = api.account()
    assert (account["calls"], account["by_model"], account["paid"]) == ({}, {}, 0)


async def test_a_ticket_has_the_same_digest_in_whatever_call(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    with StandIn(ledger=ledger) as api:
        async with AsyncAnthropic(base_url=api.url, api_key="any", max_retries=0) as client:
            await ask(client, "<ticket id=k7>\nOne\n</ticket>\n<ticket id=x>\nTwo\n</ticket>")
            await ask(client, "<ticket>\nTwo\n</ticket>")
        assert api.account()["tickets"] == 3
    both, second = [json.loads(line)["digests"] for line in ledger.read_text().splitlines()]
    assert both == [digest("One"), digest("Two")]
    assert second == [digest("Two")]


async def test_the_ledger_has_a_line_for_each_paid_call(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    text = tickets("My card was charged", "Cannot log in")
    with StandIn(ledger=ledger) as api:
        async with AsyncAnthropic(base_url=api.url, api_key="any", max_retries=0) as client:
            await ask(client, text, schema=MANY)
            await ask(client, REFUND)
            api.faults(html=1)
            await client.messages.with_raw_response.create(
                model="claude-haiku-5-5", max_tokens=9, messages=[{"role": "user", "content": "x"}]
            )
        many, single = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert many["ticket_ids"] == ["1", "2"]
    assert single["ticket_ids"] == []
    assert (len(set(many["digests"])), len(single["digests"])) == (2, 1)
    assert (single["model"], single["status"]) == ("claude-haiku-5-5", 200)
    assert "charged" not in ledger.read_text()
    assert many["at"] <= single["at"]
