"""A server that gives one answer to everything."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer


@asynccontextmanager
async def answering(
    status: int, body: str, headers: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """Its address, and the requests that came."""
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        given = {"content-type": "application/json", **(headers or {})}
        return web.Response(status=status, text=body, headers=given)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    try:
        yield str(server.make_url("")).rstrip("/"), seen
    finally:
        await server.close()
