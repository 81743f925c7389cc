"""Who may read the page: by address on this machine, by a token beyond it; and how often."""

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from yarl import URL

from streams.settings import Settings, variable

REQUESTS = RateLimitItemPerMinute(600)
"""Of one address. Opening a page takes about twenty."""
WRONG_TOKENS = RateLimitItemPerMinute(10)

OPEN = "/livez"
"""Says nothing, and is asked by who has no token."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NeedsTokenError(Exception):
    """It would listen beyond this machine and ask nobody who is there; the argument is the host."""

    def __str__(self) -> str:
        return (
            f"the dashboard would be open to everybody who reaches {self.args[0]}: set "
            f"{variable('dashboard_token')}, or {variable('dashboard_host')}=127.0.0.1"
        )


def token_for(settings: Settings, host: str) -> str | None:
    """What a reader must know; None where only this machine can ask. Raises NeedsTokenError."""
    if settings.dashboard_token is not None:
        return settings.dashboard_token.get_secret_value()
    if not is_loopback(host):
        raise NeedsTokenError(host)
    return None


def is_loopback(host: str | None) -> bool:
    """Whether a name or an address can only be this machine."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def guard(token: str | None) -> Middleware:
    """Lets pass who has the token. Without one: requests that were meant for this machine, so that
    a web page elsewhere whose name suddenly points here (DNS rebinding) reads nothing."""
    limiter = MovingWindowRateLimiter(MemoryStorage())

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        who = request.remote or ""
        if not limiter.hit(REQUESTS, who):
            raise _too_many()
        if request.path == OPEN:
            return await handler(request)
        if token is None:
            if not is_loopback(_name(request)):
                raise web.HTTPForbidden(text=f"Ask for 127.0.0.1, or set {_SETTING}.\n")
        elif not _knows(request, token):
            if not limiter.hit(WRONG_TOKENS, who, "token"):
                raise _too_many()
            asked = {hdrs.WWW_AUTHENTICATE: 'Basic realm="ticket-streams", charset="UTF-8"'}
            raise web.HTTPUnauthorized(headers=asked, text=f"The password is {_SETTING}.\n")
        return await handler(request)

    return check


_SETTING = variable("dashboard_token")


def _name(request: web.Request) -> str | None:
    try:
        return URL.build(scheme="http", authority=request.host).host
    except ValueError:
        return None


def _knows(request: web.Request, token: str) -> bool:
    scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    found = b""
    if scheme.lower() == "bearer":
        found = given.strip().encode(errors="replace")
    elif scheme.lower() == "basic":
        try:
            found = base64.b64decode(given.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return False
    return hmac.compare_digest(found, token.encode())


def _too_many() -> web.HTTPTooManyRequests:
    return web.HTTPTooManyRequests(headers={hdrs.RETRY_AFTER: "60"}, text="Too many requests.\n")
