"""Tokens for SASL OAUTHBEARER: from a file that somebody keeps fresh, or by client credentials."""

import asyncio
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import httpx2
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError

if TYPE_CHECKING:
    from streams.settings import Settings

SECONDS = 10.0
"""For the token endpoint to answer."""
USED_FOR = 0.8
"""Of a token's life: as Kafka's own clients (sasl.login.refresh.window.factor)."""


class TokenError(KafkaConnectionError):  # type: ignore[misc]
    """There is no token; the message names the setting, and no secret. Clients try again."""


class FileTokens(AbstractTokenProvider):  # type: ignore[misc]
    """The file is read at each new connection: Kubernetes writes it anew before a token ends."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def token(self) -> str:
        """What stands in the file. Raises TokenError."""
        try:
            return (await asyncio.to_thread(self._file.read_text, "utf-8")).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TokenError(
                "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL names a file that cannot be read "
                f"({type(error).__name__})"
            ) from None


class ClientCredentials(AbstractTokenProvider):  # type: ignore[misc]
    """OAuth 2.0 client credentials (RFC 6749, 4.4). One token for all connections while it lasts.

    In a thread with a lock of its own: Faust's consumer has another event loop than we.
    """

    def __init__(self, url: str, client_id: str, secret: str, scope: str | None = None) -> None:
        self._url = url
        self._login = (client_id, secret)
        self._form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    async def token(self) -> str:
        """One that is still good. Raises TokenError."""
        return await asyncio.to_thread(self._current)

    def _current(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until:
                asked = time.monotonic()
                self._token, lasts = self._ask()
                self._until = asked + USED_FOR * lasts
            return self._token

    def _ask(self) -> tuple[str, float]:
        """A new token, and for how many seconds it is good."""
        setting = "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL"
        try:
            answer = httpx2.post(self._url, data=self._form, auth=self._login, timeout=SECONDS)
        except httpx2.HTTPError as error:
            raise TokenError(f"{setting} does not answer ({type(error).__name__})") from None
        if answer.status_code in (400, 401, 403):
            raise TokenError(
                f"{setting} gives no token (HTTP {answer.status_code}): is "
                "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET right?"
            )
        try:
            body = answer.raise_for_status().json()
            return str(body["access_token"]), float(body.get("expires_in", 60))
        except (httpx2.HTTPError, ValueError, TypeError, KeyError):
            what = f"HTTP {answer.status_code}"
            raise TokenError(f"{setting}: what answers there gives no token ({what})") from None


def tokens_of(settings: "Settings") -> AbstractTokenProvider:
    """The source of tokens. Raises ValueError, which names the setting to change."""
    url = settings.sasl_oauthbearer_token_endpoint_url
    if url is None:
        raise ValueError("KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: is needed with OAUTHBEARER")
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FileTokens(Path(unquote(parts.path)))
    if parts.scheme not in ("https", "http"):
        raise ValueError(
            "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: must begin with https://, or file:// for "
            "a file with the token in it"
        )
    client, secret = settings.sasl_oauthbearer_client_id, settings.sasl_oauthbearer_client_secret
    if not client or secret is None:
        missing = "CLIENT_SECRET" if client else "CLIENT_ID"
        raise ValueError(f"KAFKA_SASL_OAUTHBEARER_{missing}: is needed with a token endpoint")
    return ClientCredentials(
        url, client, secret.get_secret_value(), settings.sasl_oauthbearer_scope
    )
