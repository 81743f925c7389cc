"""A schema registry with Confluent's HTTP interface, whoever made it."""

import json
import ssl
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    from streams.settings import Settings

SECONDS = 10.0
"""For one request."""

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"


class RegistryAwayError(Exception):
    """No answer of a registry: network, time-out, a fault of the server's, a login it refuses, or
    something else that listens there. It may pass; the message is one line and names no secret."""


class NotFoundError(RegistryAwayError):
    """A 404 that no registry gives: another address, or a question it does not know."""


class RegistryRefusedError(Exception):
    """The registry's own answer that it has no such thing, or does not take it.

    ``code`` is its error code, such as 40401 (no subject), 40403 (no schema) or 409 (incompatible).
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def missing(self) -> bool:
        """What was asked for is not there."""
        return self.code // 100 == 404


class RegistryClient:
    """``user_info`` is ``user:password``; ``tls`` is for https with other than public authorities.

    A user in the address itself is sent too, if there is no ``user_info``.
    """

    def __init__(
        self, url: str, *, user_info: str | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        given = URL(url.rstrip("/"))
        if user_info is None and given.user is not None:
            user_info = f"{given.user}:{given.password or ''}"
        self._url = str(given.with_user(None))
        self._headers = {"Accept": CONTENT_TYPE, "Content-Type": CONTENT_TYPE}
        if user_info is not None:
            self._headers["Authorization"] = f"Basic {b64encode(user_info.encode()).decode()}"
        self._tls = tls

    @classmethod
    def of(cls, settings: "Settings") -> Self | None:
        """The registry of these settings; None where there is none.

        Raises ValueError, which names the setting of a certificate that cannot be used.
        """
        if settings.schema_registry_url is None:
            return None
        secret = settings.schema_registry_user_info
        return cls(
            settings.schema_registry_url,
            user_info=secret.get_secret_value() if secret else None,
            tls=_tls(
                settings.schema_registry_ca,
                settings.schema_registry_certificate,
                settings.schema_registry_key,
            ),
        )

    async def get(self, *path: str) -> Any:
        """The JSON at this path, whose parts are quoted. Raises RegistryAwayError,
        RegistryRefusedError."""
        return await self._ask("GET", path)

    async def post(self, *path: str, body: Any, **query: str) -> Any:
        """The answer to ``body``. Raises as :meth:`get`."""
        return await self._ask("POST", path, body, query)

    async def _ask(
        self, method: str, path: tuple[str, ...], body: Any = None, query: Any = None
    ) -> Any:
        address = "/".join([self._url, *(quote(part, safe="") for part in path)])
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
                session.request(
                    method,
                    URL(address, encoded=True),  # a subject may hold a slash, which stays quoted
                    params=query,
                    data=None if body is None else json.dumps(body).encode(),
                    headers=self._headers,
                    ssl=self._tls or True,
                    allow_redirects=False,  # a login page is no answer, and gets no password
                ) as response,
            ):
                return _answer(response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise RegistryAwayError(f"no answer ({type(error).__name__})") from None


def _answer(status: int, raw: bytes) -> Any:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if status == 200 and isinstance(body, dict | list):
        return body
    if status in (401, 403):
        raise RegistryAwayError(f"it asks for another login (HTTP {status})")
    if status in (404, 409, 422) and isinstance(body, dict) and "error_code" in body:
        code, message = body["error_code"], str(body.get("message", ""))
        raise RegistryRefusedError(code if isinstance(code, int) else status, message)
    if status >= 500 or status == 429:
        raise RegistryAwayError(f"a fault of its own (HTTP {status})")
    error = NotFoundError if status == 404 else RegistryAwayError
    raise error(f"this is no answer of a schema registry (HTTP {status})")


def _tls(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if ca is None and certificate is None:
        return None
    try:
        context = ssl.create_default_context(cafile=ca)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise ValueError(
            "SCHEMA_REGISTRY_SSL_CA_LOCATION, _CERTIFICATE_LOCATION, _KEY_LOCATION: "
            f"not usable: {error.strerror or error}"
        ) from None
    return context
