"""The client against real sockets: whatever comes back, it is a Reply or a Failure."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.claude.client import Claude, Reply, _reply
from streams.claude.failures import LONGEST_WAIT, Failure, Recovery
from streams.claude.prices import Usage
from streams.local.standin import StandIn
from tests.claude.raw_server import RawServer, raw_server
from tests.local.standin.calls import body

GOOD: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-5-5",
    "content": [{"type": "text", "text": "{}"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 10, "output_tokens": 2},
}


@pytest.fixture
async def raw() -> AsyncIterator[RawServer]:
    async with raw_server() as server:
        yield server


def client(url: str, call_timeout: float = 10.0) -> Claude:
    return Claude(api_key="sk-test", base_url=url, call_timeout=call_timeout, connections=4)


async def failure(url: str, call_timeout: float = 10.0, **changes: Any) -> Failure:
    async with client(url, call_timeout) as claude:
        with pytest.raises(Failure) as caught:
            await claude.ask(body(**changes))
    return caught.value


async def test_a_reply_has_the_api_s_own_usage(api: StandIn) -> None:
    async with client(api.url) as claude:
        reply = await claude.ask(body())
    counted = api.account()["by_model"]["claude-haiku-5-5"]
    assert reply.model == "claude-haiku-5-5"
    assert reply.stop_reason == "end_turn"
    assert json.loads(reply.content[0]["text"])["category"] == "billing"
    assert reply.request_id
    assert (reply.usage.prompt_tokens, reply.usage.output_tokens) == (
        counted["input_tokens"],
        counted["output_tokens"],
    )


@pytest.mark.parametrize(
    ("status", "error_type", "recovery"),
    [
        (400, "invalid_request_error", Recovery.TICKET),
        (401, "authentication_error", Recovery.HOLD),
        (402, "billing_error", Recovery.HOLD),
        (403, "permission_error", Recovery.HOLD),
        (404, "not_found_error", Recovery.HOLD),
        (408, "api_error", Recovery.RETRY),
        (409, "conflict_error", Recovery.RETRY),
        (413, "request_too_large", Recovery.TICKET),
        (422, "api_error", Recovery.TICKET),
        (429, "rate_limit_error", Recovery.RETRY),
        (500, "api_error", Recovery.RETRY),
        (503, "api_error", Recovery.RETRY),
        (504, "timeout_error", Recovery.RETRY),
        (529, "overloaded_error", Recovery.RETRY),
    ],
)
async def test_every_status_has_its_recovery(
    api: StandIn, status: int, error_type: str, recovery: Recovery
) -> None:
    api.faults(error={status: 1})
    found = await failure(api.url)
    assert (found.error_type, found.recovery, found.status) == (error_type, recovery, status)
    assert (found.wait, found.maybe_billed) == (None, False)
    assert found.request_id
    assert found.advice
    assert str(status) in str(found)
    assert "\n" not in str(found)


@pytest.mark.parametrize("status", [429, 503, 529])
async def test_a_wait_that_the_api_asks_for_is_kept(api: StandIn, status: int) -> None:
    api.faults(error={status: 1}, retry_after=7)
    assert (await failure(api.url)).wait == 7.0


async def test_a_spend_limit_is_no_rate_limit(api: StandIn) -> None:
    api.faults(spend_limit=1)
    found = await failure(api.url)
    assert (found.error_type, found.recovery) == ("enforced_spend_limit_reached", Recovery.HOLD)
    assert found.status == 429
    assert "spend limit" in found.advice


@pytest.mark.parametrize("code", ["contract_spend_limit_reached", "ramp_limit_exceeded"])
async def test_other_limits_of_a_429_by_their_code(raw: RawServer, code: str) -> None:
    error = {"type": "rate_limit_error", "message": "m", "details": {"error_code": code}}
    raw.reply(json.dumps({"error": error}).encode(), "429 X", "retry-after: 3\r\n")
    found = await failure(raw.url)
    if code == "ramp_limit_exceeded":
        assert (found.error_type, found.recovery) == ("rate_limit_error", Recovery.RETRY)
        assert found.wait == 3
    else:
        assert (found.error_type, found.recovery, found.wait) == (code, Recovery.HOLD, None)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("0.5", 0.5),
        ("0", None),  # else the next try would come at once, and the next
        ("-5", None),
        ("abc", None),
        ("", None),
        ("nan", None),
        ("Sat, 21 Nov 2026 10:00:00 GMT", None),
        ("31536000", LONGEST_WAIT),
        ("9" * 400, LONGEST_WAIT),
        ("inf", LONGEST_WAIT),
    ],
)
async def test_a_strange_retry_after_neither_stops_nor_spins_us(
    raw: RawServer, header: str, wait: float | None
) -> None:
    raw.reply(b"{}", "429 Too Many Requests", f"retry-after: {header}\r\n")
    found = await failure(raw.url)
    assert (found.error_type, found.recovery, found.wait) == (
        "rate_limit_error",
        Recovery.RETRY,
        wait,
    )


@pytest.mark.parametrize(
    "page",
    [b"", b"<html>502</html>", b"null", b"[]", b'{"error":"x"}', b'{"error":{"type":7}}', b"\xff"],
)
@pytest.mark.parametrize(
    ("status", "error_type", "recovery"),
    [
        ("400 Bad Request", "http_400", Recovery.TICKET),
        ("401 Unauthorized", "authentication_error", Recovery.HOLD),
        ("404 Not Found", "not_found_error", Recovery.HOLD),
        ("429 Too Many", "rate_limit_error", Recovery.RETRY),
        ("500 Server Error", "http_500", Recovery.RETRY),
        ("502 Bad Gateway", "http_502", Recovery.RETRY),
    ],
)
async def test_an_error_whose_body_says_nothing_is_told_by_its_status(
    raw: RawServer, page: bytes, status: str, error_type: str, recovery: Recovery
) -> None:
    raw.reply(page, status)
    found = await failure(raw.url)
    assert (found.error_type, found.recovery) == (error_type, recovery)


@pytest.mark.parametrize(
    "name", ["", "a|b", "x" * 65, "\ud800", "Capital", {"a": 1}, ["x"], 5, True]
)
async def test_an_error_type_that_the_books_cannot_hold_is_not_taken(
    raw: RawServer, name: object
) -> None:
    raw.reply(json.dumps({"error": {"type": name}}).encode(), "529 Overloaded")
    assert (await failure(raw.url)).error_type == "http_529"


UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "html": b"<!doctype html><h1>hello</h1>",
    "null": b"null",
    "list": b"[]",
    "text": b'"hello"',
    "number": b"7",
    "broken": b'{"id": "msg_',
    "not utf-8": b'{"id": "\xff\xfe"}',
    "too deep": b"[" * 100_000,
    "an error": b'{"type": "error", "error": {"type": "overloaded_error"}}',
}
_CHANGES: dict[str, dict[str, Any]] = {
    "no usage": {"usage": None},
    "usage is a list": {"usage": []},
    "usage is empty": {"usage": {}},
    "no model": {"model": None},
    "model is a number": {"model": 7},
    "no content": {"content": None},
    "content is a number": {"content": 7},
}
_NO_COUNTS: list[Any] = [-1, True, "10", 1.5, None, 10**30, [], float("nan")]
_USAGES: list[tuple[str, Any]] = [
    *((field, count) for field in ("input_tokens", "output_tokens") for count in _NO_COUNTS),
    ("cache_creation_input_tokens", -1),
    ("cache_read_input_tokens", "3"),
    ("cache_creation", {"ephemeral_1h_input_tokens": 5}),  # more than was written in all
]
for field, value in _USAGES:
    _CHANGES[f"{field} is {value}"] = {"usage": {**GOOD["usage"], field: value}}
UNREADABLE |= {name: json.dumps({**GOOD, **made}).encode() for name, made in _CHANGES.items()}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_a_200_without_a_message_and_its_usage_is_a_failure(
    raw: RawServer, what: str
) -> None:
    raw.reply(UNREADABLE[what], headers="content-type: application/json\r\n")
    found = await failure(raw.url)
    assert (found.error_type, found.recovery) == ("malformed_response", Recovery.RETRY)
    assert (found.status, found.request_id, found.maybe_billed) == (200, "req_raw", True)


async def test_html_of_the_stand_in_is_a_failure(api: StandIn) -> None:
    api.faults(html=1)
    assert (await failure(api.url)).error_type == "malformed_response"


async def test_a_body_that_cannot_be_unpacked_is_a_failure(raw: RawServer) -> None:
    raw.reply(b"not gzip", headers="content-encoding: gzip\r\n")
    found = await failure(raw.url)
    assert (found.recovery, found.maybe_billed) == (Recovery.RETRY, True)


@pytest.mark.parametrize("fault", ["cut_body", "no_reply"])
async def test_a_connection_that_breaks_may_have_cost_money(api: StandIn, fault: str) -> None:
    api.faults(**{fault: 1})
    found = await failure(api.url)
    assert (found.error_type, found.recovery) == ("network", Recovery.RETRY)
    assert (found.status, found.maybe_billed) == (None, True)


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", b"junk\r\n\r\n"]
)
async def test_a_reset_is_a_network_failure(raw: RawServer, sent: bytes) -> None:
    raw.answer, raw.reset = sent, True
    found = await failure(raw.url)
    assert (found.error_type, found.recovery) == ("network", Recovery.RETRY)
    assert found.maybe_billed


async def test_a_refused_connection_costs_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = await failure(f"http://127.0.0.1:{port}")
    assert (found.error_type, found.recovery) == ("network", Recovery.RETRY)
    assert not found.maybe_billed


@pytest.mark.parametrize("fault", ["hang", "drip"])
async def test_the_deadline_covers_the_whole_call(api: StandIn, fault: str) -> None:
    api.faults(**{fault: 1})
    began = asyncio.get_running_loop().time()
    found = await failure(api.url, call_timeout=0.5)
    took = asyncio.get_running_loop().time() - began
    assert (found.error_type, found.recovery, found.maybe_billed) == (
        "timeout",
        Recovery.RETRY,
        True,
    )
    assert 0.4 < took < 1.5
    assert "TICKET_STREAMS_CALL_TIMEOUT" in found.advice


async def test_cancelling_goes_through_and_closes_the_connection(api: StandIn) -> None:
    api.faults(hang=1)
    async with client(api.url) as claude:
        call = asyncio.create_task(claude.ask(body()))
        async with asyncio.timeout(10):
            while not api.account()["in_flight"]:  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.02)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(10):
            while api.account()["in_flight"]:  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.02)


async def test_nothing_is_tried_twice_by_the_client(raw: RawServer) -> None:
    raw.reply(b"{}", "500 Server Error", "x-should-retry: true\r\n")
    await failure(raw.url)
    assert raw.requests == 1


async def test_a_text_that_cannot_be_sent_is_the_ticket_s_trouble(api: StandIn) -> None:
    found = await failure(api.url, text="\ud800")
    assert (found.error_type, found.recovery) == ("unsendable_text", Recovery.TICKET)


async def test_more_calls_than_connections_wait_their_turn(api: StandIn) -> None:
    api.faults(latency=0.05, latency_sigma=0)
    async with client(api.url) as claude:
        replies = await asyncio.gather(*(claude.ask(body()) for _ in range(20)))
    assert all(isinstance(reply, Reply) for reply in replies)


def test_cached_tokens_are_told_apart() -> None:
    usage = {
        "input_tokens": 214,
        "output_tokens": 19,
        "cache_creation_input_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 70, "ephemeral_1h_input_tokens": 30},
        "cache_read_input_tokens": 640,
        "inference_geo": "us",
    }
    assert _reply({**GOOD, "usage": usage}, "req").usage == Usage(214, 19, 70, 30, 640, "us")
    assert _reply(GOOD, "req").usage == Usage(10, 2, inference_geo="global")
    nulls = {name: None for name in usage if name.startswith(("cache", "inference"))}
    assert _reply({**GOOD, "usage": {**GOOD["usage"], **nulls}}, None).usage.prompt_tokens == 10


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(GOOD)), json_values), json_values)
def test_any_json_is_read_or_refused(changes: dict[str, Any], cache: Any) -> None:
    message = {**GOOD, **changes}
    if isinstance(message["usage"], dict):
        message["usage"] = {**message["usage"], "cache_creation": cache}
    try:
        reply = _reply(message, "req")
    except (KeyError, TypeError, ValueError, AttributeError):
        return
    counts = reply.usage.__getstate__()[:5]  # type: ignore[index]
    assert all(type(count) is int and count >= 0 for count in counts)
    assert isinstance(reply.model, str)
