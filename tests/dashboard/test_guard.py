import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from limits import RateLimitItemPerMinute

from streams.dashboard import guard as guard_module
from streams.dashboard.guard import NeedsTokenError, is_loopback, token_for
from streams.dashboard.server import Dashboard, serve
from streams.settings import Settings, load_settings
from tests.dashboard.hand_fed import HandFed

TOKEN = "a long enough token"
HOST = "127.0.0.1"


@asynccontextmanager
async def running(settings: Settings | None = None) -> AsyncIterator[Dashboard]:
    dashboard = await serve(HandFed(), settings or load_settings(), HOST, 0)
    try:
        yield dashboard
    finally:
        await dashboard.stop()


async def status(dashboard: Dashboard, path: str = "/api/status", **headers: str) -> int:
    async with (
        aiohttp.ClientSession(dashboard.url) as http,
        http.get(path, headers=headers) as response,
    ):
        return response.status


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anyone:{password}".encode()).decode()


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "a.localhost"]
)
def test_this_machine_is_known(name: str) -> None:
    assert is_loopback(name)


@pytest.mark.parametrize(
    "name", ["0.0.0.0", "::", "10.0.0.1", "example.com", "localhost.example", "", None]
)
def test_everything_else_is_not(name: str | None) -> None:
    assert not is_loopback(name)


async def test_beyond_this_machine_it_starts_only_with_a_token() -> None:
    with pytest.raises(NeedsTokenError, match="TICKET_STREAMS_DASHBOARD_TOKEN"):
        await serve(HandFed(), load_settings(), "0.0.0.0", 0)
    assert token_for(load_settings(dashboard_token=TOKEN), "0.0.0.0") == TOKEN


async def test_a_name_that_points_here_from_elsewhere_reads_nothing() -> None:
    async with running() as dashboard:
        assert await status(dashboard) == 200
        for name in ("example.com", "example.com:8080", "127.0.0.1.example.com", "a b"):
            assert await status(dashboard, Host=name) in (400, 403), name
        assert await status(dashboard, "/", Host="localhost:8080") == 200


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (basic(TOKEN), 200),
        (basic("a:" + TOKEN), 401),
        ("Bearer a wrong token....", 401),
        (f"Bearer {TOKEN} and more", 401),
        ("Basic !!!", 401),
        ("Basic " + base64.b64encode(b"no colon").decode(), 401),
        ("Bearer ", 401),
        ("", 401),
    ],
)
async def test_with_a_token_only_who_knows_it_reads(given: str, expected: int) -> None:
    async with running(load_settings(dashboard_token=TOKEN)) as dashboard:
        for path in ("/", "/api/status", "/static/page.js", "/nothing"):
            found = await status(dashboard, path, Authorization=given)
            assert found == (404 if path == "/nothing" and expected == 200 else expected)
        assert await status(dashboard, "/livez") == 200


async def test_a_browser_is_told_to_ask_for_the_password() -> None:
    async with (
        running(load_settings(dashboard_token=TOKEN)) as dashboard,
        aiohttp.ClientSession(dashboard.url) as http,
        http.get("/") as response,
    ):
        assert response.headers["WWW-Authenticate"].startswith("Basic ")
        assert "Content-Security-Policy" in response.headers
        assert TOKEN not in await response.text()


async def test_guessing_is_slow() -> None:
    async with running(load_settings(dashboard_token=TOKEN)) as dashboard:
        wrong = [await status(dashboard, Authorization=basic(f"guess {n}")) for n in range(12)]
        assert wrong == [401] * 10 + [429] * 2


async def test_who_asks_too_often_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "REQUESTS", RateLimitItemPerMinute(3))
    async with running() as dashboard:
        assert [await status(dashboard) for _ in range(4)] == [200, 200, 200, 429]
