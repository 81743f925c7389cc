from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from streams.dashboard.demo_panel import TOKEN_HEADER
from streams.dashboard.server import serve
from streams.settings import load_settings
from tests.dashboard.hand_fed import HandFed
from tests.dashboard.hand_pressed import HandPressed

HOST = "127.0.0.1"
ELSEWHERE = [
    {"Host": "evil.example:80"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},  # another port of this machine
]


@pytest.fixture
def panel() -> HandPressed:
    return HandPressed()


@pytest.fixture
async def http(panel: HandPressed) -> AsyncIterator[aiohttp.ClientSession]:
    dashboard = await serve(HandFed(), load_settings(), HOST, 0, panel)
    async with aiohttp.ClientSession(dashboard.url) as session:
        yield session
    await dashboard.stop()


async def token(http: aiohttp.ClientSession) -> str:
    async with http.get("/api/demo/token") as response:
        assert "Access-Control-Allow-Origin" not in response.headers
        return str((await response.json())["token"])


async def press(
    http: aiohttp.ClientSession, fault: str, **headers: str
) -> tuple[int, dict[str, Any]]:
    async with http.post(f"/api/demo/{fault}", headers=headers) as response:
        is_json = response.content_type == "application/json"
        return response.status, await response.json() if is_json else {}


async def test_it_tells_the_promises_and_the_buttons(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/demo") as response:
        told = await response.json()
    assert told["promises"]["state"] == "holds"
    assert told["promises"]["books"] == str(10**12)  # money as text
    assert [fault["name"] for fault in told["faults"]] == ["kill-worker", "burst"]
    async with http.get("/api/status") as response:
        assert (await response.json())["demo"] is True


async def test_a_button_needs_the_token(http: aiohttp.ClientSession, panel: HandPressed) -> None:
    right = await token(http)
    for headers in ({}, {TOKEN_HEADER: ""}, {TOKEN_HEADER: right[:-1]}, {TOKEN_HEADER: "ü"}):
        status, answer = await press(http, "burst", **headers)
        assert (status, TOKEN_HEADER in answer["error"]) == (403, True)
    assert panel.pressed == []
    assert (await press(http, "burst", **{TOKEN_HEADER: right}))[0] == 202
    assert panel.pressed == ["burst"]


@pytest.mark.parametrize("headers", ELSEWHERE)
async def test_no_other_site_may_read_the_token_or_press(
    http: aiohttp.ClientSession, panel: HandPressed, headers: dict[str, str]
) -> None:
    right = await token(http)
    for path in ("/api/demo/token", "/api/demo"):
        async with http.get(path, headers=headers) as response:
            assert response.status == 403
            assert right not in await response.text()
    assert (await press(http, "burst", **{TOKEN_HEADER: right, **headers}))[0] == 403
    assert panel.pressed == []


async def test_the_page_itself_may(http: aiohttp.ClientSession, panel: HandPressed) -> None:
    headers = {
        TOKEN_HEADER: await token(http),
        "Origin": str(http._base_url).rstrip("/"),
        "Sec-Fetch-Site": "same-origin",
    }
    assert (await press(http, "burst", **headers))[0] == 202


async def test_one_fault_at_a_time_and_none_that_is_unknown(
    http: aiohttp.ClientSession, panel: HandPressed
) -> None:
    headers = {TOKEN_HEADER: await token(http)}
    assert (await press(http, "unplug", **headers))[0] == 404
    assert (await press(http, "burst", **headers))[0] == 202
    status, answer = await press(http, "kill-worker", **headers)
    assert (status, answer["error"]) == (409, "kill worker is not over yet")
    assert panel.pressed == ["burst"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/demo"), ("POST", "/api/demo/burst")])
async def test_a_dashboard_that_is_no_demo_has_no_buttons(method: str, path: str) -> None:
    dashboard = await serve(HandFed(), load_settings(), HOST, 0)
    try:
        async with aiohttp.ClientSession(dashboard.url) as http:
            async with http.request(method, path) as response:
                assert response.status == 404
            async with http.get("/api/status") as response:
                assert (await response.json())["demo"] is False
    finally:
        await dashboard.stop()
