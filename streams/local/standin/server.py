"""The stand-in's HTTP side."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from streams.local.standin import wire
from streams.local.standin.errors import ApiError, invalid
from streams.local.standin.faults import Faults
from streams.local.standin.requests import parse
from streams.local.standin.service import Call, Service

MOST_BYTES = 32 * 1024 * 1024
SIMULATION = {"x-standin": "simulation; classified by keywords"}
HTML = b"<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>"

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server:
    """Routes, headers, errors, and the faults that happen on the wire.

    It hangs on aiohttp's low-level server: routing and middlewares would cost a third of the time
    that an answer takes.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._routes: dict[tuple[str, str], Handler] = {
            ("POST", "/v1/messages"): self._messages,
            ("POST", "/v1/messages/count_tokens"): self._count_tokens,
            ("GET", "/_standin/account"): self._account,
            ("GET", "/_standin/faults"): self._show_faults,
            ("POST", "/_standin/faults"): self._change_faults,
            ("DELETE", "/_standin/faults"): self._clear_faults,
            ("POST", "/_standin/limits"): self._change_limits,
            ("POST", "/_standin/reset"): self._reset,
        }

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers any request."""
        path = request.raw_path.partition("?")[0]
        try:
            return await self._routes.get((request.method, path), _not_found)(request)
        except ApiError as error:
            return self._error(error, {})

    async def _messages(self, request: web.BaseRequest) -> web.StreamResponse:
        service = self._service
        headers: dict[str, str] = {}
        service.in_flight += 1
        try:
            service.check_key(_key(request))
            message = parse(await _body(request))
            limiter = service.limiter(message.model)
            try:
                call = service.admit(message)
            finally:
                headers = limiter.headers(time.time())
            return await self._reply(request, call, headers)
        except ApiError as error:
            service.account.calls[error.status] += 1
            return self._error(error, headers)
        finally:
            service.in_flight -= 1

    async def _reply(
        self, request: web.BaseRequest, call: Call, headers: dict[str, str]
    ) -> web.StreamResponse:
        service, faults = self._service, call.fate.faults
        if faults:  # the rare case: the wire's own faults, the earliest first
            if "no_reply" in faults:
                service.account.no_reply += 1
                return wire.closed(request)
            if "hang" in faults and not await wire.patient(request, service.faults.hang_seconds):
                service.account.disconnected += 1
                return wire.closed(request)
            if "html" in faults:
                service.account.calls[200] += 1
                return web.Response(body=HTML, content_type="text/html", headers=SIMULATION)
        body = (await service.answer(call)).body
        headers |= {"request-id": service.next_request_id(), **SIMULATION}
        if "cut_body" in faults:
            service.account.cut += 1
            return await wire.cut(request, body, headers)
        if "drip" in faults:
            return await wire.drip(request, body, headers, service.faults.drip_seconds)
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def _count_tokens(self, request: web.BaseRequest) -> web.StreamResponse:
        self._service.check_key(_key(request))
        message = parse(await _body(request), counting=True)
        return _json({"input_tokens": message.input_tokens})

    async def _account(self, _: web.BaseRequest) -> web.StreamResponse:
        return _json(self._service.account.as_json(self._service.in_flight))

    async def _show_faults(self, _: web.BaseRequest) -> web.StreamResponse:
        return _json(self._service.faults.as_json())

    async def _change_faults(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            self._service.faults = self._service.faults.changed(await _json_object(request))
        except ValueError as error:
            raise invalid(str(error)) from None
        return _json(self._service.faults.as_json())

    async def _change_limits(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            self._service.set_limits(self._service.limits.changed(await _json_object(request)))
        except ValueError as error:
            raise invalid(str(error)) from None
        return _json(self._service.limits._asdict())

    async def _clear_faults(self, _: web.BaseRequest) -> web.StreamResponse:
        self._service.faults = Faults()
        return _json(self._service.faults.as_json())

    async def _reset(self, _: web.BaseRequest) -> web.StreamResponse:
        self._service.reset()
        return _json(self._service.account.as_json(self._service.in_flight))

    def _error(self, error: ApiError, headers: dict[str, str]) -> web.Response:
        request_id = self._service.next_request_id()
        return web.Response(
            status=error.status,
            body=error.body(request_id),
            content_type="application/json",
            headers={"request-id": request_id, **SIMULATION, **headers, **error.headers},
        )


async def _not_found(request: web.BaseRequest) -> web.StreamResponse:
    raise ApiError(404, f"{request.method} {request.raw_path}: Not found")


def _key(request: web.BaseRequest) -> str:
    key = request.headers.get("x-api-key")
    if key is None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return ""
    return key.strip()


async def _body(request: web.BaseRequest) -> bytes:
    """The whole body; ApiError 413 when it is larger than the API takes."""
    too_large = ApiError(413, "Request exceeds the maximum size")
    if (request.content_length or 0) > MOST_BYTES:
        raise too_large
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > MOST_BYTES:
            raise too_large
    return bytes(body)


async def _json_object(request: web.BaseRequest) -> dict[str, Any]:
    """The body of an order; ValueError or ApiError when it is something else."""
    found = json.loads(await _body(request))
    if not isinstance(found, dict):
        raise invalid("The request body must be a JSON object")
    return found


def _json(value: Any) -> web.Response:
    return web.Response(
        body=json.dumps(value, indent=2).encode() + b"\n",
        content_type="application/json",
        headers=SIMULATION,
    )
