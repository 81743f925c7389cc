import time
from calendar import timegm

import anthropic
import pytest
from anthropic import AsyncAnthropic

from streams.local.standin import StandIn
from streams.local.standin.errors import ApiError
from streams.local.standin.limits import Limits, RateLimiter
from streams.local.standin.process import StandInError
from tests.local.standin.calls import ask, body


def _limiter(requests: int = 60, tokens: int = 60_000) -> RateLimiter:
    """One request and 1,000 tokens a second, ten seconds' worth at once."""
    return RateLimiter(Limits(requests, tokens, tokens), burst_seconds=10, now=0)


def test_a_bucket_holds_its_burst_and_refills_continuously() -> None:
    limiter = _limiter()
    for _ in range(10):
        limiter.admit(1, now=0)
    with pytest.raises(ApiError) as caught:
        limiter.admit(1, now=0.9)
    assert (caught.value.status, caught.value.headers) == (429, {"retry-after": "1"})
    limiter.admit(1, now=1.0)


def test_retry_after_is_when_there_is_enough() -> None:
    limiter = _limiter()
    limiter.admit(10_000, now=0)
    with pytest.raises(ApiError) as caught:
        limiter.admit(6_500, now=0)
    assert caught.value.headers == {"retry-after": "7"}
    with pytest.raises(ApiError):
        limiter.admit(6_500, now=6.4)
    limiter.admit(6_500, now=7)


def test_a_request_larger_than_the_bucket_waits_until_it_is_full() -> None:
    limiter = _limiter()
    limiter.admit(50_000, now=0)
    with pytest.raises(ApiError):
        limiter.admit(1, now=39)
    limiter.admit(1, now=41)


def test_output_is_taken_when_it_is_known() -> None:
    limiter = _limiter()
    limiter.admit(1, now=0)
    limiter.spent(12_000)
    with pytest.raises(ApiError) as caught:
        limiter.admit(1, now=1)
    assert "output tokens" in caught.value.message
    limiter.admit(1, now=3)


def test_headers_tell_limit_rest_and_reset() -> None:
    limiter = _limiter()
    limiter.admit(3_300, now=0)
    limiter.spent(1_600)
    assert limiter.headers(now=0) == {
        "anthropic-ratelimit-requests-limit": "60",
        "anthropic-ratelimit-requests-remaining": "9",
        "anthropic-ratelimit-requests-reset": "1970-01-01T00:00:01Z",
        "anthropic-ratelimit-input-tokens-limit": "60000",
        "anthropic-ratelimit-input-tokens-remaining": "7000",
        "anthropic-ratelimit-input-tokens-reset": "1970-01-01T00:00:04Z",
        "anthropic-ratelimit-output-tokens-limit": "60000",
        "anthropic-ratelimit-output-tokens-remaining": "8000",
        "anthropic-ratelimit-output-tokens-reset": "1970-01-01T00:00:02Z",
        "anthropic-ratelimit-tokens-limit": "120000",
        "anthropic-ratelimit-tokens-remaining": "15000",
        "anthropic-ratelimit-tokens-reset": "1970-01-01T00:00:04Z",
    }


async def test_over_http_the_limit_is_kept_and_told() -> None:
    with StandIn(rpm=6, itpm=6_000_000, otpm=6_000_000, burst_seconds=20) as api:
        async with AsyncAnthropic(base_url=api.url, api_key="any", max_retries=0) as client:
            rest = []
            for _ in range(2):
                raw = await client.messages.with_raw_response.create(**body())
                rest.append(raw.headers["anthropic-ratelimit-requests-remaining"])
            assert rest == ["1", "0"]
            reset = raw.headers["anthropic-ratelimit-requests-reset"]
            assert 0 < timegm(time.strptime(reset, "%Y-%m-%dT%H:%M:%SZ")) - time.time() < 22
            with pytest.raises(anthropic.RateLimitError) as caught:
                await ask(client)
            assert 1 <= int(caught.value.response.headers["retry-after"]) <= 10
            assert caught.value.response.headers["anthropic-ratelimit-requests-limit"] == "6"
            await ask(client, model="claude-sonnet-5-5")  # another family has limits of its own
        assert api.account()["calls"] == {"200": 3, "429": 1}


def test_a_changed_limit_holds_from_now_on() -> None:
    limiter = _limiter()
    limiter.change(Limits(6, 6_000, 6_000), now=0)
    limiter.admit(1_000, now=0)
    with pytest.raises(ApiError) as caught:
        limiter.admit(1, now=5)
    assert caught.value.headers == {"retry-after": "5"}
    assert limiter.headers(now=5)["anthropic-ratelimit-requests-limit"] == "6"


async def test_limits_are_changed_while_it_runs() -> None:
    with StandIn(rpm=600) as api:
        async with AsyncAnthropic(base_url=api.url, api_key="any", max_retries=0) as client:
            before = await client.messages.with_raw_response.create(**body())
            assert api.set_limits(requests=300)["requests"] == 300
            after = await client.messages.with_raw_response.create(**body())
        name = "anthropic-ratelimit-requests-limit"
        assert (before.headers[name], after.headers[name]) == ("600", "300")
        for wrong in ({"requests": 0}, {"requests": 1.5}, {"tokens": 5}):
            with pytest.raises(StandInError):
                api.set_limits(**wrong)


async def test_cache_reads_do_not_count() -> None:
    system = [{"type": "text", "text": "x" * 3_500, "cache_control": {"type": "ephemeral"}}]
    with StandIn(itpm=60_000, burst_seconds=2) as api:
        async with AsyncAnthropic(base_url=api.url, api_key="any", max_retries=0) as client:
            first = await ask(client, system=system)
            assert first.usage.cache_creation_input_tokens == 1_000
            for _ in range(3):
                assert (await ask(client, system=system)).usage.cache_read_input_tokens == 1_000
