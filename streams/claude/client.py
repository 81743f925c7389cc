"""One call of the Messages API through the official SDK, within a deadline."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import anthropic
import httpx2

from streams.claude.failures import explain, malformed
from streams.claude.prices import Usage
from streams.claude.rate_headers import RateLimits, read_rate_limits
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
        # aiohttp halves the CPU of a call. The SDK's own retry is off: one place retries, the desk.
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            timeout=call_timeout,
            # Its spans take 100 microseconds a call, even where nobody collects them.
            open_telemetry=False,
            http_client=anthropic.DefaultAioHttpClient(limits=limits, timeout=call_timeout),
        )

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
            # The SDK's timeout is per read: a body that drips outlives it. This one does not.
            async with asyncio.timeout(self._timeout):
                response = await self._client.messages.with_raw_response.create(**request)
        except (anthropic.APIError, TimeoutError, ValueError) as error:
            raise explain(error) from error
        request_id = response.headers.get("request-id")
        limits = read_rate_limits(response.headers)
        try:
            return _reply(await response.json(), request_id, limits)  # the body is here already
        except _UNREADABLE as error:
            raise malformed(response.status_code, request_id) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

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
