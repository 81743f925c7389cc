"""The worker over HTTP: ``/livez`` (restart me or not), ``/readyz`` (and why not), ``/metrics``."""

from collections.abc import Callable
from enum import StrEnum

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder


class Phase(StrEnum):
    """What a worker does while it is not ready."""

    JOINING = "joining: waiting for the group to assign partitions"
    RECOVERING = "recovering: the partitions are being opened"
    REBALANCING = "rebalancing: the partitions are given up, waiting for the new assignment"
    STOPPING = "stopping: what is in hand is finished and committed"


class Readiness:
    """Why the worker is not ready: what blocks its calls, or the phase it is in.

    ``ready`` tells whether its partitions are open; ``blocked`` why a person must act, if so. Who
    gives the partitions up or opens them sets ``phase``.
    """

    def __init__(self, ready: Callable[[], bool], blocked: Callable[[], str | None]) -> None:
        self._ready = ready
        self._blocked = blocked
        self.phase = Phase.JOINING

    def why_not(self) -> str | None:
        """The reason in one line; None when it is ready. What a person must mend comes first."""
        if (reason := self._blocked()) is not None:
            return reason
        return None if self._ready() else str(self.phase)

    @property
    def state(self) -> str:
        """In one word: one of streams.observe.metrics.STATES."""
        if self._blocked() is not None:
            return "blocked"
        return "ready" if self._ready() else self.phase.name.lower()


class HealthServer:
    """``why_not_ready`` gives the reason, or None when the worker is ready; ``alarm`` tells what a
    person must see to though it is; ``metrics`` are shown to Prometheus.

    /livez is answered by the event loop that does the work: a stuck loop does not answer.
    """

    def __init__(
        self,
        host: str,
        port: int,
        why_not_ready: Callable[[], str | None],
        metrics: CollectorRegistry,
        alarm: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._alarm = alarm
        self._host = host
        self._port = port
        self._why_not_ready = why_not_ready
        self._metrics = metrics
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        app = web.Application()
        app.router.add_get("/livez", self._live)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/metrics", self._show)
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
            alarm = self._alarm()
            return web.Response(text="ready\n" + (f"but {alarm}\n" if alarm else ""))
        return web.Response(status=503, text=reason + "\n")

    async def _show(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        body = encode(self._metrics)
        return web.Response(body=body, headers={"Content-Type": content_type})
