"""What each failure asks of us; the SDK's own exceptions come from sockets in test_client.py."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import anthropic
import httpx2
import pytest

from streams.claude.failures import Failure, Recovery, explain, malformed

REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/messages")


def status_error(status: int, body: object, **headers: str) -> anthropic.APIStatusError:
    response = httpx2.Response(status, headers=headers, request=REQUEST)
    return anthropic.APIStatusError("said so", response=response, body=body)


async def test_a_failure_passes_through_context_managers_and_tasks() -> None:
    """Python writes to an exception that passes: a frozen one would become another error."""
    failure = Failure("network", Recovery.RETRY, "advice")

    @asynccontextmanager
    async def around() -> AsyncIterator[None]:
        yield

    async def fail() -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(around())
            raise failure

    with pytest.raises(Failure) as caught:
        await asyncio.create_task(fail())
    assert caught.value is failure


def test_two_failures_of_one_kind_are_two() -> None:
    first, second = (Failure("network", Recovery.RETRY, "advice") for _ in range(2))
    assert first != second
    assert len({first, second}) == 2


def test_a_failure_says_what_happened_and_what_to_do_in_one_line() -> None:
    assert str(malformed(200)) == (
        "HTTP 200 malformed_response: the reply is not a message of the API"
    )
    assert str(Failure("network", Recovery.RETRY, "it broke")) == "network: it broke"


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyError("x"), RuntimeError("y")])
def test_what_is_not_the_api_s_doing_is_raised_again(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        explain(error)
    assert caught.value is error


def test_a_body_that_is_not_json_is_malformed() -> None:
    assert explain(json.JSONDecodeError("x", "", 0)).error_type == "malformed_response"


def test_a_deadline_may_have_cost_money() -> None:
    for error in (TimeoutError(), anthropic.APITimeoutError(request=REQUEST)):
        found = explain(error)
        assert (found.error_type, found.recovery) == ("timeout", Recovery.RETRY)
        assert found.maybe_billed


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_who_must_act_is_told_what_to_change(status: int) -> None:
    advice = explain(status_error(status, None)).advice
    assert any(word in advice for word in ("ANTHROPIC_API_KEY", "billing", "TICKET_STREAMS_MODEL"))


def test_a_status_nobody_has_heard_of_is_waited_out() -> None:
    for status in (300, 405, 410, 418, 425, 451, 507, 520, 599):
        found = explain(status_error(status, {"error": {"type": "strange_error"}}))
        assert (found.error_type, found.recovery) == ("strange_error", Recovery.RETRY)


def test_no_failure_repeats_the_api_s_text() -> None:
    """It may quote the request, and with it the ticket."""
    for status in (400, 401, 404, 413, 429, 500, 529):
        body = {"error": {"type": "api_error", "message": "SECRET TICKET"}, "x": "SECRET TICKET"}
        found = explain(status_error(status, body))
        assert "SECRET" not in str(found) + repr(found)
