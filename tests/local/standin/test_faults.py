import asyncio
import json

import anthropic
import pytest
from aiohttp import ClientConnectionError, ClientPayloadError, ClientSession, ClientTimeout
from anthropic import AsyncAnthropic

from streams.local.standin import StandIn
from streams.local.standin.faults import Faults
from streams.local.standin.process import StandInError
from tests.local.standin.calls import MANY, REFUND, STRINGS, answer_of, ask, body, text_of, tickets

THREE = tickets(REFUND, "The app crashes with an error", "I forgot my password")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (529, "overloaded_error"),
    ],
)
async def test_an_outage_is_switched_on_and_off(
    api: StandIn, client: AsyncAnthropic, status: int, kind: str
) -> None:
    api.faults(error={status: 1}, retry_after=7)
    with pytest.raises(anthropic.APIStatusError) as caught:
        await ask(client)
    assert (caught.value.status_code, caught.value.type) == (status, kind)
    assert caught.value.response.headers["retry-after"] == "7"
    api.faults(error={}, retry_after=None)
    await ask(client)
    assert api.account()["calls"] == {"200": 1, str(status): 1}
    assert api.account()["paid"] == 1


async def test_retry_after_is_absent_unless_asked_for(api: StandIn, client: AsyncAnthropic) -> None:
    api.faults(error={529: 1})
    with pytest.raises(anthropic.APIStatusError) as caught:
        await ask(client)
    assert "retry-after" not in caught.value.response.headers


async def test_a_spend_limit_is_a_429_that_says_so(api: StandIn, client: AsyncAnthropic) -> None:
    api.faults(spend_limit=1)
    with pytest.raises(anthropic.RateLimitError) as caught:
        await ask(client)
    assert caught.value.error_code == "enforced_spend_limit_reached"
    assert "retry-after" not in caught.value.response.headers


async def test_no_reply_is_not_paid(api: StandIn, client: AsyncAnthropic) -> None:
    api.faults(no_reply=1)
    with pytest.raises(anthropic.APIConnectionError):
        await ask(client)
    account = api.account()
    assert (account["calls"], account["no_reply"], account["by_model"]) == ({}, 1, {})


async def test_a_cut_body_is_paid(api: StandIn) -> None:
    api.faults(cut_body=1)
    async with (
        ClientSession(headers={"x-api-key": "any"}) as session,
        session.post(f"{api.url}/v1/messages", json=body()) as reply,
    ):
        assert reply.status == 200
        with pytest.raises((ClientPayloadError, ClientConnectionError)):
            await reply.read()
    account = api.account()
    assert (account["calls"], account["paid"], account["cut"]) == ({"200": 1}, 1, 1)


async def test_a_hanging_call_is_not_paid_when_the_client_leaves(
    api: StandIn, client: AsyncAnthropic
) -> None:
    api.faults(hang=1)
    with pytest.raises(anthropic.APITimeoutError):
        await ask(client.with_options(timeout=0.2))
    await _settled(api)
    account = api.account()
    assert (account["calls"], account["disconnected"], account["paid"]) == ({}, 1, 0)


async def test_a_hanging_call_is_paid_when_the_client_stays(
    api: StandIn, client: AsyncAnthropic
) -> None:
    api.faults(hang=1, hang_seconds=0.3)
    await ask(client)
    assert api.account()["paid"] == 1


async def test_a_call_is_paid_although_the_client_left(
    api: StandIn, client: AsyncAnthropic
) -> None:
    api.faults(latency=0.6, latency_sigma=0)
    with pytest.raises(anthropic.APITimeoutError):
        await ask(client.with_options(timeout=0.2))
    assert api.account()["in_flight"] == 1
    await _settled(api)
    account = api.account()
    assert (account["calls"], account["disconnected"], account["paid"]) == ({"200": 1}, 0, 1)


async def test_a_dripping_body_outlives_a_read_timeout(api: StandIn) -> None:
    api.faults(drip=1, drip_seconds=30)
    got = b""
    async with (
        ClientSession(
            headers={"x-api-key": "any"}, timeout=ClientTimeout(total=None, sock_read=1)
        ) as session,
        session.post(f"{api.url}/v1/messages", json=body()) as reply,
    ):
        assert reply.status == 200
        async for chunk in reply.content.iter_any():
            got += chunk
            if len(got) > 5:
                break
    assert got.startswith(b'{"id":')
    await _settled(api)
    assert api.account()["paid"] == 1


async def test_a_drip_ends_with_the_whole_body(api: StandIn, client: AsyncAnthropic) -> None:
    api.faults(drip=1, drip_seconds=0.1)
    assert answer_of(await ask(client))["category"] == "billing"


async def test_html_is_a_200_that_is_not_paid(api: StandIn, client: AsyncAnthropic) -> None:
    api.faults(html=1)
    raw = await client.messages.with_raw_response.create(**body())
    assert raw.headers["content-type"].startswith("text/html")
    account = api.account()
    assert (account["calls"], account["paid"]) == ({"200": 1}, 0)


async def test_filler_stands_around_readable_json(api: StandIn, client: AsyncAnthropic) -> None:
    api.faults(filler=1)
    text = text_of(await ask(client))
    assert not text.startswith("{")
    assert json.loads(text.partition("```json\n")[2].partition("\n```")[0])["category"] == "billing"


async def test_bad_json_is_paid(api: StandIn, client: AsyncAnthropic) -> None:
    api.faults(bad_json=1)
    with pytest.raises(json.JSONDecodeError):
        answer_of(await ask(client))
    assert api.account()["paid"] == 1


async def test_wrong_case(api: StandIn, client: AsyncAnthropic) -> None:
    api.faults(wrong_case=1)
    assert answer_of(await ask(client))["category"] == "BILLING"


async def test_low_confidence(api: StandIn, client: AsyncAnthropic) -> None:
    api.faults(low_confidence=1)
    answer = answer_of(await ask(client))
    assert answer["category"] == "billing"
    assert 0 < answer["confidence"] < 0.4


async def test_a_refusal_has_no_content_and_is_paid(api: StandIn, client: AsyncAnthropic) -> None:
    api.faults(refuse=1)
    message = await ask(client)
    assert (message.content, message.stop_reason) == ([], "refusal")
    assert message.stop_details is not None
    assert message.stop_details.type == "refusal"
    assert api.account()["paid"] == 1


async def test_a_thinking_block_may_come_first(api: StandIn, client: AsyncAnthropic) -> None:
    api.faults(thinking_first=1)
    message = await ask(client)
    assert [block.type for block in message.content] == ["thinking", "text"]
    assert answer_of(message)["category"] == "billing"


@pytest.mark.parametrize(
    ("fault", "ids"),
    [
        ("missing", [1, 3]),
        ("swap", [3, 2, 1]),
        ("double", [1, 2, 3, 1]),
        ("invent", [1, 2, 3, 999_999_999]),
    ],
)
async def test_faults_of_an_answer_about_many(
    api: StandIn, client: AsyncAnthropic, fault: str, ids: list[int]
) -> None:
    right = {r["id"]: r for r in answer_of(await ask(client, THREE, schema=MANY))["results"]}
    api.faults(**{fault: 1})
    results = answer_of(await ask(client, THREE, schema=MANY))["results"]
    assert [r["id"] for r in results] == ids
    for result in results[:2]:
        assert result == right[result["id"]]
    if fault == "double":
        assert results[-1]["category"] != results[0]["category"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("missing", ["1 billing", "3 account"]),
        ("swap", ["3 account", "2 technical", "1 billing"]),
        ("double", ["1 billing", "2 technical", "3 account", "1 technical"]),
        ("invent", ["1 billing", "2 technical", "3 account", "999999999 billing"]),
        ("wrong_case", ["1 BILLING", "2 TECHNICAL", "3 ACCOUNT"]),
        ("low_confidence", ["1 billing", "2 technical", "3 account"]),
    ],
)
async def test_strings_have_the_same_faults(
    api: StandIn, client: AsyncAnthropic, fault: str, expected: list[str]
) -> None:
    api.faults(**{fault: 1})
    results = answer_of(await ask(client, THREE, schema=STRINGS))["results"]
    assert [result.rpartition(" ")[0] for result in results] == expected
    percents = [int(result.split()[-1]) for result in results]
    assert all(percent < 40 for percent in percents) is (fault == "low_confidence")


async def test_rates_are_met_and_the_same_for_the_same_seed(client: AsyncAnthropic) -> None:
    async def statuses(seed: int) -> list[int]:
        with StandIn(seed=seed, error={529: 0.2, 500: 0.1}) as api:
            async with ClientSession(headers={"x-api-key": "any"}) as session:
                out = []
                for _ in range(200):
                    async with session.post(f"{api.url}/v1/messages", json=body()) as reply:
                        out.append(reply.status)
            return out

    first = await statuses(7)
    assert 20 <= first.count(529) <= 60
    assert 8 <= first.count(500) <= 35
    assert await statuses(7) == first
    assert await statuses(8) != first


async def test_latency_is_log_normal_around_its_median(api: StandIn) -> None:
    api.faults(latency=0.2, latency_sigma=0)
    loop = asyncio.get_running_loop()
    async with ClientSession(headers={"x-api-key": "any"}) as session:
        start = loop.time()
        async with session.post(f"{api.url}/v1/messages", json=body()):
            assert loop.time() - start >= 0.2


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"hung": 1}, "hung"),
        ({"hang": 1.5}, "hang"),
        ({"hang": "1"}, "hang"),
        ({"hang": True}, "hang"),
        ({"latency": -1}, "latency"),
        ({"error": {"200": 1}}, "200"),
        ({"error": {"529": 0.6, "500": 0.6}}, "together"),
        ({"error": 1}, "error"),
    ],
)
def test_a_wrong_option_is_refused_by_name(
    api: StandIn, changes: dict[str, object], named: str
) -> None:
    with pytest.raises(StandInError, match=named):
        api.faults(**changes)
    assert Faults() == Faults(**api.no_faults())


def test_faults_tell_what_they_are(api: StandIn) -> None:
    assert api.faults(hang=0.5, error={529: 0.25})["error"] == {"529": 0.25}
    assert api.faults()["hang"] == 0.5


async def _settled(api: StandIn) -> None:
    """Waits until no call is in flight."""
    async with asyncio.timeout(10):
        while api.account()["in_flight"]:  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.02)
