import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from streams.books.rows import SpendRow
from streams.claude import budget_reload
from streams.dashboard import assets
from streams.dashboard.server import Dashboard, serve, start_dashboard
from streams.settings import load_settings
from tests.dashboard.hand_fed import HandFed

HOST = "127.0.0.1"
UPDATE_SECONDS = 2.0
"""Promised to whoever looks at the page."""


@pytest.fixture
def source() -> HandFed:
    return HandFed()


@pytest.fixture
async def dashboard(source: HandFed) -> AsyncIterator[Dashboard]:
    dashboard = await serve(source, load_settings(), HOST, 0)
    yield dashboard
    await dashboard.stop()


@pytest.fixture
async def http(dashboard: Dashboard) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(dashboard.url) as session:
        yield session


async def get_json(http: aiohttp.ClientSession, path: str) -> Any:
    async with http.get(path) as response:
        assert response.status == 200
        return await response.json()


async def next_state(response: aiohttp.ClientResponse) -> Any:
    async with asyncio.timeout(10):
        while True:
            line = (await response.content.readline()).decode()
            assert line, "the events ended"
            if line.startswith("data: "):
                return json.loads(line.removeprefix("data: "))


async def test_each_interface_tells_its_part(http: aiohttp.ClientSession, source: HandFed) -> None:
    source.spend("0|m|billing", SpendRow(1, 2, 3, 4, 5, 6, 7, 8))
    source.errors("0|api|timeout", 9)
    spend, errors = await get_json(http, "/api/spend"), await get_json(http, "/api/errors")
    assert spend["total"]["picodollars"] == "7"
    assert [one["category"] for one in spend["categories"]] == ["billing"]
    assert errors["total"] == 9
    assert (await get_json(http, "/api/status"))["state"] == "live"


async def test_livez_says_ok(http: aiohttp.ClientSession) -> None:
    async with http.get("/livez") as response:
        assert (response.status, await response.text()) == (200, "ok\n")


async def test_events_bring_a_change_in_time(http: aiohttp.ClientSession, source: HandFed) -> None:
    async with http.get("/api/events") as response:
        assert response.content_type == "text/event-stream"
        assert (await next_state(response))["spend"]["total"]["tickets"] == 0
        source.spend("0|m|billing", SpendRow(tickets=3))
        changed = time.monotonic()
        state = await next_state(response)
        assert time.monotonic() - changed < UPDATE_SECONDS
        assert state["spend"]["total"]["tickets"] == 3
        assert state.keys() == {"status", "spend", "errors"}


async def test_events_tell_that_kafka_is_away(http: aiohttp.ClientSession, source: HandFed) -> None:
    async with http.get("/api/events") as response:
        assert (await next_state(response))["status"]["state"] == "live"
        source.tell("away", "Kafka does not answer")
        assert (await next_state(response))["status"]["detail"] == "Kafka does not answer"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", path, 200) for path in assets.load()),
        *(("GET", f"/api/{name}", 200) for name in ("spend", "errors", "status", "events")),
        ("GET", "/livez", 200),
        ("GET", "/nothing", 404),
        ("GET", "/static/../server.py", 404),
        ("GET", "/static/vendor/figure.py", 404),
        ("POST", "/api/spend", 405),
    ],
)
async def test_every_response_carries_the_security_policy(
    http: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    async with http.request(method, path) as response:
        assert response.status == status
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    page = assets.load()[assets.PAGE].body.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|//", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    asked_for = re.findall(r'(?:src|href)="(/[^"]*)"', page)
    assert asked_for
    assert set(asked_for) <= assets.load().keys()


def test_every_module_is_asked_for_at_once() -> None:
    found = assets.load()
    page = found[assets.PAGE].body.decode()
    for path in found:
        if path.endswith(".js") and f'"{path}"' not in page:
            assert "promises" in path, path  # the demo's own, loaded when needed


def test_the_scripts_of_the_page_never_write_markup() -> None:
    ours = [path for path in assets.load() if path.endswith(".js") and "/vendor/" not in path]
    assert len(ours) > 10
    for path in ours:
        text = assets.load()[path].body.decode()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)


async def test_stop_closes_the_port_and_open_events(source: HandFed) -> None:
    dashboard = await serve(source, load_settings(), HOST, 0)
    async with aiohttp.ClientSession(dashboard.url) as http, http.get("/api/events") as response:
        await next_state(response)
        async with asyncio.timeout(5):
            await dashboard.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.get("/livez")


async def test_a_taken_port_is_an_error(dashboard: Dashboard, source: HandFed) -> None:
    with pytest.raises(OSError, match="in use"):
        await serve(source, load_settings(), HOST, int(dashboard.url.rpartition(":")[2]))


async def test_it_starts_and_stops_without_kafka() -> None:
    settings = load_settings(bootstrap_servers=f"{HOST}:1")  # nothing listens there
    dashboard = await start_dashboard(settings, HOST, 0)
    try:
        async with (
            aiohttp.ClientSession(dashboard.url) as http,
            http.get("/api/events") as response,
        ):
            while (state := await next_state(response))["status"]["state"] == "loading":
                pass
            assert state["status"]["state"] == "away"
            assert "KAFKA_BOOTSTRAP_SERVERS" in state["status"]["detail"]
    finally:
        await dashboard.stop()


async def test_a_budget_that_the_settings_file_changes_reaches_the_page(
    source: HandFed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("budget_per_day = 1")
    monkeypatch.setenv("TICKET_STREAMS_CONFIG", str(file))
    monkeypatch.setattr(budget_reload, "EVERY", 0.01)
    dashboard = await serve(source, load_settings(), HOST, 0)
    try:
        async with aiohttp.ClientSession(dashboard.url) as http, http.get("/api/page") as events:
            [budget] = (await next_state(events))["budgets"]
            assert budget["limit"] == str(10**12)
            file.write_text("budget_per_day = 3")
            while not (told := (await next_state(events)).get("budgets")):
                continue
            assert [one["limit"] for one in told] == [str(3 * 10**12)]
    finally:
        await dashboard.stop()
