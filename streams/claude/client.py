"""One call of the Messages API, within a deadline: a Reply or a Failure."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from streams.claude.failures import explain, malformed
from streams.claude.prices import Usage
from streams.claude.rate_headers import RateLimits, read_rate_limits
from streams.claude.transport import Transport
from streams.settings import Settings

MOST_TOKENS = 10**9
"""More in one call is no count of tokens, and its price might not fit into the books' 64 bits."""

# RecursionError: JSON that is nested too deeply.
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Reply:
    """A message of the API: ``content`` are its blocks as plain dictionaries."""

    model: str
    content: list[dict[str, Any]]
    stop_reason: str | None
    usage: Usage
    request_id: str | None
    limits: RateLimits | None = None


class Claude:
    """The Messages API. ``call_timeout`` in seconds covers the whole call, body included."""

    def __init__(
        self, *, api_key: str, base_url: str | None, call_timeout: float, connections: int
    ) -> None:
        self._timeout = call_timeout
        self._transport = Transport(api_key=api_key, base_url=base_url, connections=connections)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """A client for these settings; their key must be there."""
        key = settings.anthropic_api_key
        return cls(
            api_key=key.get_secret_value() if key else "",
            base_url=settings.anthropic_base_url,
            call_timeout=settings.call_timeout,
            connections=settings.max_calls,
        )

    async def ask(self, request: Mapping[str, Any]) -> Reply:
        """Send one request for ``messages.create``. Raises Failure, whatever went wrong."""
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._transport.post(request)
        except Exception as error:  # what is not the API's doing, explain raises again
            raise explain(error) from error
        request_id = answer.headers.get("request-id")
        limits = read_rate_limits(answer.headers)
        try:
            return _reply(json.loads(answer.body), request_id, limits)
        except _UNREADABLE as error:
            raise malformed(answer.status, request_id) from error

    async def open(self) -> None:
        """Be ready for calls. A worker waits here, and not between the look at its lease and the
        request, nor within the deadline of a call."""
        await self._transport.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _reply(body: Any, request_id: str | None, limits: RateLimits | None = None) -> Reply:
    """Read the parts we use, strictly: what has no usage has no price."""
    model, usage = body["model"], body["usage"]
    if not isinstance(model, str):
        raise TypeError("not the name of a model")
    written = usage.get("cache_creation") or {}
    one_hour = _count(written.get("ephemeral_1h_input_tokens"), 0)
    return Reply(
        model=model,
        content=[block for block in body["content"] if isinstance(block, dict)],
        stop_reason=body.get("stop_reason"),
        usage=Usage(
            input_tokens=_count(usage["input_tokens"]),
            output_tokens=_count(usage["output_tokens"]),
            cache_write_5m=_count(_count(usage.get("cache_creation_input_tokens"), 0) - one_hour),
            cache_write_1h=one_hour,
            cache_read=_count(usage.get("cache_read_input_tokens"), 0),
            inference_geo=usage.get("inference_geo") or "global",
        ),
        request_id=request_id,
        limits=limits,
    )


def _count(value: Any, absent: int | None = None) -> int:
    if value is None and absent is not None:
        return absent
    if type(value) is not int or not 0 <= value <= MOST_TOKENS:  # a bool is an int, but not here
        raise ValueError("not a number of tokens")
    return value
