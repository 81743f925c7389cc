"""The Messages API over bare aiohttp, with the SDK's address, headers and errors.

The SDK takes 400 microseconds of CPU a call for what a worker does not need: copies of the request,
middleware, retries, a model of the answer. That is more than all the rest of a ticket. So the SDK
says once where a request goes and what its headers are, and what an error means each time there is
one; in between aiohttp carries the bytes.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from streams.claude.sdk import Sdk

KEEP_ALIVE = 5.0
"""Seconds that an idle connection is kept; the SDK's own."""

_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class Answer(NamedTuple):
    """A 2xx. ``headers`` are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Connections to ``/v1/messages``, at most ``connections`` of them; it never tries again.

    Proxies are those of the environment (``HTTPS_PROXY``, ``NO_PROXY``).
    """

    def __init__(self, *, api_key: str, base_url: str | None, connections: int) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._connections = connections
        self._opening = asyncio.Lock()
        self._opened: tuple[Sdk, aiohttp.ClientSession] | None = None

    async def open(self) -> None:
        """Be ready for calls: the first one would wait for the SDK."""
        await self._open()

    async def post(self, request: Mapping[str, Any]) -> Answer:
        """Send the keyword arguments of ``messages.create``, and return the answer, whole.

        Raises anthropic.APIStatusError for a status that is no success, aiohttp.ClientError where
        the connection fails, UnicodeEncodeError for text that cannot be sent. There is no timeout.
        """
        body = _dump(request).encode()
        sdk, session = self._opened or await self._open()
        async with session.post(sdk.url, data=body, headers=sdk.headers) as response:
            content = await response.read()
            if not response.ok:
                raise sdk.error(response.status, response.headers, content)
            return Answer(response.status, response.headers, content)

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            sdk, session = self._opened
            await session.close()
            await sdk.close()

    async def _open(self) -> tuple[Sdk, aiohttp.ClientSession]:
        """Once, in the loop of the calls: the session lives there."""
        async with self._opening:
            if self._opened is None:
                sdk = await asyncio.to_thread(Sdk, api_key=self._api_key, base_url=self._base_url)
                self._opened = (
                    sdk,
                    aiohttp.ClientSession(
                        connector=aiohttp.TCPConnector(
                            limit=self._connections,
                            keepalive_timeout=KEEP_ALIVE,
                            ssl=sdk.certificates,
                        ),
                        timeout=aiohttp.ClientTimeout(total=None),
                        cookie_jar=aiohttp.DummyCookieJar(),
                        proxy=_proxy(sdk.url),
                    ),
                )
            return self._opened


def _proxy(url: str) -> str | None:
    """The environment's proxy for ``url``. Not by aiohttp's ``trust_env``, which asks a thread for
    ``~/.netrc`` before each request, and would send what it finds there."""
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc):
        return None
    known = getproxies()
    found = known.get(parts.scheme) or known.get("all")
    return found if found is None or "://" in found else f"http://{found}"
