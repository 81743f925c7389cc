"""What can go wrong with a call, and what each failure asks of us.

One table, one place: nothing else in the project looks at an exception of the client.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

import aiohttp

from streams.claude.rate_headers import RateLimits, read_rate_limits

if TYPE_CHECKING:
    import anthropic


class Recovery(Enum):
    """What to do about a failure."""

    RETRY = "retry"
    """It passes: try again, waiting longer each time. The tickets wait; nothing is lost."""
    HOLD = "hold"
    """A person must act (key, bill, model): stop calling, say what to change, probe at times."""
    TICKET = "ticket"
    """The ticket itself is the trouble: dead letter."""


# Neither frozen nor with slots: Python writes tracebacks into an exception, and tells two apart by
# which they are.
@dataclass(eq=False)
class Failure(Exception):  # noqa: N818  what went wrong elsewhere
    """A call that brought no answer.

    ``error_type`` is the API's own name where it gave one, and becomes the error type in the
    books. ``wait`` is the API's ``retry-after`` in seconds. ``maybe_billed`` tells that the request
    may have reached the API and cost money although its usage was never seen. ``limits`` is what
    the API says about its rate limits.
    """

    error_type: str
    recovery: Recovery
    advice: str
    status: int | None = None
    request_id: str | None = None
    wait: float | None = None
    maybe_billed: bool = False
    limits: RateLimits | None = None

    def __str__(self) -> str:
        status = f"HTTP {self.status} " if self.status else ""
        return f"{status}{self.error_type}: {self.advice}"


LONGEST_WAIT = 600.0
"""Seconds of ``retry-after`` that are believed: a mistaken one must not stop us for days."""

SPEND_LIMITS = ("enforced_spend_limit_reached", "contract_spend_limit_reached")

_HOLDS = {
    401: ("authentication_error", "the API refuses the key: set ANTHROPIC_API_KEY to a valid one"),
    402: ("billing_error", "the API asks for payment: see the organisation's plan and billing"),
    403: (
        "permission_error",
        "the key may not use this model: see ANTHROPIC_API_KEY and its workspace",
    ),
    404: (
        "not_found_error",
        "the API does not know the model: set TICKET_STREAMS_MODEL to a current one "
        "(or ANTHROPIC_BASE_URL is not its address)",
    ),
}

# What the books and metrics take as a name; anything else in a reply is not the API's.
_NAME = re.compile(r"[a-z0-9_]{1,64}")
# No connection, so no request that could cost anything.
_UNSENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


def explain(error: Exception) -> Failure:
    """The failure behind what the client raised. Re-raises what is not the API's doing (a bug)."""
    import anthropic  # noqa: PLC0415  loaded late, see streams/claude/sdk.py

    # The SDK's own errors have it below that of its transport.
    broken = error if isinstance(error, aiohttp.ClientError) else _cause(_cause(error))
    sent = not isinstance(broken, _UNSENT)
    if isinstance(error, TimeoutError | anthropic.APITimeoutError):
        advice = "no answer within TICKET_STREAMS_CALL_TIMEOUT"
        return Failure("timeout", Recovery.RETRY, advice, maybe_billed=sent)
    if isinstance(error, anthropic.APIConnectionError | aiohttp.ClientError):
        advice = "the connection failed or broke"
        return Failure("network", Recovery.RETRY, advice, maybe_billed=sent)
    if isinstance(error, anthropic.APIStatusError):
        return _of_status(error)
    if isinstance(error, json.JSONDecodeError | anthropic.APIResponseValidationError):
        return malformed()
    if isinstance(error, UnicodeEncodeError):
        return Failure("unsendable_text", Recovery.TICKET, "the text cannot be written as UTF-8")
    raise error


def _cause(error: BaseException | None) -> BaseException | None:
    return None if error is None else error.__cause__


def malformed(status: int = 200, request_id: str | None = None) -> Failure:
    """A 200 that is not a message with usage: a proxy's page, a cut body."""
    return Failure(
        "malformed_response",
        Recovery.RETRY,
        "the reply is not a message of the API",
        status,
        request_id,
        maybe_billed=True,
    )


def _of_status(error: anthropic.APIStatusError) -> Failure:
    status = error.status_code
    given = error.type if isinstance(error.type, str) and _NAME.fullmatch(error.type) else None
    name = given or f"http_{status}"
    if status in _HOLDS:
        usual, advice = _HOLDS[status]
        return Failure(given or usual, Recovery.HOLD, advice, status, error.request_id)
    if status == 429:
        if error.error_code in SPEND_LIMITS:
            advice = "the organisation's spend limit is reached: raise it, or wait for next month"
            return Failure(error.error_code, Recovery.HOLD, advice, status, error.request_id)
        name, advice = given or "rate_limit_error", "the rate limit is reached"
        limits = read_rate_limits(error.response.headers)
        return Failure(
            name, Recovery.RETRY, advice, status, error.request_id, _wait(error), limits=limits
        )
    if status in (400, 413, 422):
        return Failure(
            name, Recovery.TICKET, "the API refuses this request", status, error.request_id
        )
    return Failure(
        name, Recovery.RETRY, "the API is in trouble", status, error.request_id, _wait(error)
    )


def of_every_request(failure: Failure) -> Failure:
    """The same of requests that have only themselves in common: what a person may look at."""
    advice = (
        "the API refuses every request, so it is none of the tickets: does TICKET_STREAMS_MODEL "
        "take such requests, is the account in order, is ANTHROPIC_BASE_URL the API's address?"
    )
    return replace(failure, advice=advice)


def _wait(error: anthropic.APIStatusError) -> float | None:
    """``retry-after`` in seconds, at most LONGEST_WAIT; None where it is no number above 0."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, LONGEST_WAIT) if seconds > 0 else None
