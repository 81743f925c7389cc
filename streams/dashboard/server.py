"""The dashboard's HTTP server: the page, its data as JSON, and the same data as live events."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress

from aiohttp import web
from aiohttp_sse import sse_response
from yarl import URL

from streams.claude.budget_reload import BudgetReload
from streams.dashboard import assets, books_api
from streams.dashboard.demo_panel import DemoPanel, add_routes
from streams.dashboard.feed import HEARTBEAT_SECONDS, Feed
from streams.dashboard.guard import guard, token_for
from streams.dashboard.kafka_source import KafkaBooks
from streams.dashboard.scope import Scope
from streams.dashboard.source import BooksSource
from streams.events.topics import Topics
from streams.settings import Settings

RETRY_MS = 1_000
"""A browser that lost the events asks again after this long."""
SEND_SECONDS = 3 * HEARTBEAT_SECONDS
"""A browser that takes nothing for this long is let go."""
MOST_STREAMS = 200
"""Pages that may be open at a time."""
# Event streams never end by themselves: they are broken off after this many seconds.
GRACE = 0.2

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Dashboard:
    """A running dashboard. Made by :func:`start_dashboard` or :func:`serve`."""

    def __init__(self, runner: web.AppRunner, following: Sequence[asyncio.Task[None]]) -> None:
        host, port = runner.addresses[0][:2]
        self.url = str(URL.build(scheme="http", host=host, port=port))
        """Where it is, without a slash at the end."""
        self._runner = runner
        self._following = following

    async def stop(self) -> None:
        """Closes the port and every connection."""
        for task in self._following:
            task.cancel()
        await asyncio.wait(self._following)
        await self._runner.cleanup()


async def start_dashboard(
    settings: Settings, host: str, port: int, demo: DemoPanel | None = None
) -> Dashboard:
    """Serves the books of ``settings``; port 0 takes a free one.

    Raises OSError for a taken one, and NeedsTokenError where others than this machine could read
    it.

    Needs no Kafka to start: the page says when it is away, and goes on by itself. With ``demo``
    it has the demo's buttons, too.
    """
    source = KafkaBooks(settings, Topics.of(settings))
    return await serve(source, settings, host, port, demo)


async def serve(
    source: BooksSource, settings: Settings, host: str, port: int, demo: DemoPanel | None = None
) -> Dashboard:
    """Serves the books of any source and keeps it running. Raises as above."""
    source.demo = demo is not None
    token = token_for(settings, host)
    feed = Feed(source, settings)
    runner = web.AppRunner(
        application(feed, token, demo),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=GRACE,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except BaseException:
        await runner.cleanup()
        raise
    tasks = source.run(), BudgetReload(settings.limits, feed.change).run()
    return Dashboard(runner, [asyncio.create_task(task) for task in tasks])


def application(
    feed: Feed, token: str | None = None, demo: DemoPanel | None = None
) -> web.Application:
    """All that can be asked for: GET only, but for the buttons of ``demo``; with a ``token``, by
    who knows it."""

    streams = 0

    async def live(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def status(_: web.Request) -> web.Response:
        return web.json_response(feed.status())

    async def events(request: web.Request) -> web.StreamResponse:
        return await send(request, feed.updates(), "state")

    async def page(request: web.Request) -> web.StreamResponse:
        try:
            scope = Scope.parse(request.query)
        except ValueError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from None
        with feed.source.reader():
            return await send(request, feed.page(scope), "page")

    async def send(
        request: web.Request, texts: AsyncIterator[str], event: str
    ) -> web.StreamResponse:
        nonlocal streams
        if streams >= MOST_STREAMS:
            raise web.HTTPServiceUnavailable(text="Too many pages are open.\n")
        streams += 1
        try:
            async with sse_response(request, send_timeout=SEND_SECONDS) as stream:
                with suppress(ConnectionResetError, TimeoutError):  # the browser has gone
                    async for text in texts:
                        await stream.send(text, event=event, retry=RETRY_MS)
            return stream
        finally:
            streams -= 1

    app = web.Application(middlewares=[guard(token)])
    app.on_response_prepare.append(_secure)
    app.router.add_get("/livez", live)
    books_api.mount(app, feed)
    app.router.add_get("/api/status", status)
    app.router.add_get("/api/events", events, allow_head=False)
    app.router.add_get("/api/page", page, allow_head=False)
    if demo is not None:
        add_routes(app, demo)
    for path, asset in assets.load().items():
        app.router.add_get(path, _file(asset))
    return app


def _file(asset: assets.Asset) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(body=asset.body, content_type=asset.content_type, charset="utf-8")

    return handle


async def _secure(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(assets.HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache")
