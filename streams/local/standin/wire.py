"""Faults that happen on the wire: silence, a cut, a drip."""

import asyncio

from aiohttp import web

# How soon a hanging call notices that its client has left.
HANG_POLL = 0.25


def _gone(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()


def closed(request: web.BaseRequest) -> web.Response:
    """Closes the connection; the response never gets out."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def patient(request: web.BaseRequest, seconds: float) -> bool:
    """Waits; whether the client was still there at the end."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not _gone(request) and (left := end - loop.time()) > 0:  # noqa: ASYNC110 (no event tells)
        await asyncio.sleep(min(left, HANG_POLL))
    return not _gone(request)


async def _start(
    request: web.BaseRequest, body: bytes, headers: dict[str, str]
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "application/json", **headers})
    response.content_length = len(body)
    await response.prepare(request)
    return response


async def cut(request: web.BaseRequest, body: bytes, headers: dict[str, str]) -> web.StreamResponse:
    """Sends half of the body, then closes."""
    try:
        response = await _start(request, body, headers)
        await response.write(body[: len(body) // 2])
    except ConnectionError:
        return closed(request)
    closed(request)
    return response


async def drip(
    request: web.BaseRequest, body: bytes, headers: dict[str, str], seconds: float
) -> web.StreamResponse:
    """Sends the body byte by byte, in ``seconds`` altogether or until the client leaves."""
    try:
        response = await _start(request, body, headers)
        for i in range(len(body)):
            await response.write(body[i : i + 1])
            await asyncio.sleep(seconds / len(body))
    except ConnectionError:
        return closed(request)
    return response
