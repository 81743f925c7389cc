"""The worker's health over HTTP: ``/livez`` (restart me or not) and ``/readyz`` (and why not)."""

from collections.abc import Callable

from aiohttp import web


class HealthServer:
    """``why_not_ready`` gives the reason, or None when the worker is ready.

    /livez is answered by the event loop that does the work: a stuck loop does not answer.
    """

    def __init__(self, host: str, port: int, why_not_ready: Callable[[], str | None]) -> None:
        self._host = host
        self._port = port
        self._why_not_ready = why_not_ready
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        app = web.Application()
        app.router.add_get("/livez", self._live)
        app.router.add_get("/readyz", self._ready)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _live(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _: web.Request) -> web.Response:
        reason = self._why_not_ready()
        if reason is None:
            return web.Response(text="ready\n")
        return web.Response(status=503, text=reason + "\n")
