"""The Messages API over bare aiohttp, with the SDK's address, headers and errors.

The SDK takes 400 microseconds of CPU a call for what a worker does not need: copies of the request,
middleware, retries, a model of the answer. That is more than all the rest of a ticket. So the SDK
says once where a request goes and what its headers are, and what an error means each time there is
one; in between aiohttp carries the bytes.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import anthropic
import httpx2

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
        self._sdk = anthropic.AsyncAnthropic(api_key=api_key, base_url=base_url, max_retries=0)
        self._url = f"{str(self._sdk.base_url).rstrip('/')}/v1/messages"
        self._headers = {
            name: value
            for name, value in self._sdk.default_headers.items()
            if isinstance(value, str)
        }
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def post(self, request: Mapping[str, Any]) -> Answer:
        """Send the keyword arguments of ``messages.create``, and return the answer, whole.

        Raises anthropic.APIStatusError for a status that is no success, aiohttp.ClientError where
        the connection fails, UnicodeEncodeError for text that cannot be sent. There is no timeout.
        """
        body = _dump(request).encode()
        async with self._opened().post(self._url, data=body, headers=self._headers) as response:
            content = await response.read()
            if not response.ok:
                raise self._error(response.status, response.headers, content)
            return Answer(response.status, response.headers, content)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
        await self._sdk.close()

    def _opened(self) -> aiohttp.ClientSession:
        """Opened by the first call, in whose loop it lives."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections,
                    keepalive_timeout=KEEP_ALIVE,
                    ssl=httpx2.create_ssl_context(),  # the certificates that the SDK trusts
                ),
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                proxy=_proxy(self._url),
            )
        return self._session

    def _error(
        self, status: int, headers: Mapping[str, str], content: bytes
    ) -> anthropic.APIStatusError:
        """As the SDK would raise it."""
        plain = {name: text for name, text in headers.items() if name.lower() not in _OF_THE_BODY}
        request = httpx2.Request("POST", self._url)
        response = httpx2.Response(status, headers=plain, content=content, request=request)
        return self._sdk._make_status_error_from_response(response)


def _proxy(url: str) -> str | None:
    """The environment's proxy for ``url``. Not by aiohttp's ``trust_env``, which asks a thread for
    ``~/.netrc`` before each request, and would send what it finds there."""
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc):
        return None
    known = getproxies()
    found = known.get(parts.scheme) or known.get("all")
    return found if found is None or "://" in found else f"http://{found}"


_OF_THE_BODY = ("content-encoding", "content-length", "transfer-encoding")
"""Headers that are not true any more once a body is unpacked."""
