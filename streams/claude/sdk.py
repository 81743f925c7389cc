"""Anthropic's SDK, as far as a worker needs it: where a request goes, with what, what errors mean.

It is two thirds of all that a worker loads, and nothing needs it before the first call. So nothing
imports it at the top of a file: ``load_soon`` loads it in a thread while the worker still waits for
Kafka, and whoever comes first waits for that.
"""

from __future__ import annotations

import gc
import ssl
from collections.abc import Mapping
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import anthropic

_OF_THE_BODY = ("content-encoding", "content-length", "transfer-encoding")
"""Headers that are not true any more once a body is unpacked."""


def load_soon() -> None:
    """Begin to load the SDK beside what is done next."""
    Thread(target=_load, name="anthropic", daemon=True).start()


def _load() -> None:
    """What is loaded stays: Python's collector need not go through it, with everything stopped."""
    import_module("anthropic")
    gc.freeze()


class Sdk:
    """A client of the SDK's that calls nobody. Slow to make the first time: not for a loop."""

    def __init__(self, *, api_key: str, base_url: str | None) -> None:
        import anthropic  # noqa: PLC0415
        import httpx2  # noqa: PLC0415

        self._client = anthropic.AsyncAnthropic(api_key=api_key, base_url=base_url, max_retries=0)
        self._httpx = httpx2
        self.url = f"{str(self._client.base_url).rstrip('/')}/v1/messages"
        self.headers = {
            name: value
            for name, value in self._client.default_headers.items()
            if isinstance(value, str)
        }
        self.certificates: ssl.SSLContext = httpx2.create_ssl_context()
        """Those that the SDK trusts."""

    def error(
        self, status: int, headers: Mapping[str, str], content: bytes
    ) -> anthropic.APIStatusError:
        """What the SDK would raise for such an answer."""
        plain = {name: text for name, text in headers.items() if name.lower() not in _OF_THE_BODY}
        request = self._httpx.Request("POST", self.url)
        response = self._httpx.Response(status, headers=plain, content=content, request=request)
        # Its public door to this is a request of its own, at 400 microseconds a call.
        return self._client._make_status_error_from_response(response)

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()
