"""The demo's part of the dashboard: fault buttons and the promises, over HTTP. No other dashboard
has these addresses.

They break things, so no other web site may use them through the browser of who looks at the page:

- a write needs the token of this run, which stands in an answer that other origins cannot read: no
  CORS header is ever sent, and a custom header makes a browser ask for one first;
- the request must name this machine (``Host``), or a name that somebody points at 127.0.0.1 would
  make his site the same origin (DNS rebinding);
- what a browser says of where a request comes from (``Origin``, ``Sec-Fetch-Site``) must be us.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiohttp import web

TOKEN_HEADER = "X-Demo-Token"  # noqa: S105 - its name
Json = dict[str, Any]


class BusyError(Exception):
    """One fault at a time; the message names the one that is going on."""


class DemoPanel(Protocol):
    """What the demo shows and does."""

    def told(self) -> Json:
        """The promises, the buttons, and what the last one did."""

    def press(self, fault: str) -> Json:
        """Begin a fault; what it will do. Raises KeyError for an unknown one, and BusyError."""


def add_routes(app: web.Application, panel: DemoPanel) -> None:
    """Serve ``panel`` under /api/demo."""
    token = secrets.token_urlsafe(32)

    async def told(request: web.Request) -> web.Response:
        return _from_here(request) or web.json_response(panel.told())

    async def give_token(request: web.Request) -> web.Response:
        return _from_here(request) or web.json_response({"token": token})

    async def press(request: web.Request) -> web.Response:
        if refused := _from_here(request):
            return refused
        given = request.headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(given.encode(), token.encode()):
            return _error(403, f"{TOKEN_HEADER} is missing, or not that of this run")
        try:
            return web.json_response(panel.press(request.match_info["fault"]), status=202)
        except KeyError:
            return _error(404, "there is no such fault")
        except BusyError as error:
            return _error(409, str(error))

    app.router.add_get("/api/demo", told)
    app.router.add_get("/api/demo/token", give_token)
    app.router.add_post("/api/demo/{fault}", press)


def _from_here(request: web.Request) -> web.Response | None:
    """The refusal of a request that is not the page's own; None for one that is."""
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
    checks: Mapping[str, Callable[[str], bool]] = {
        "Host": lambda host: host in (f"127.0.0.1:{port}", f"localhost:{port}"),
        "Origin": lambda origin: origin == f"http://{request.host}",
        "Sec-Fetch-Site": lambda site: site in ("same-origin", "none"),
    }
    for name, right in checks.items():
        if name in request.headers and not right(request.headers[name]):
            return _error(403, f"{name}: this is for the demo's own page only")
    return None


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
