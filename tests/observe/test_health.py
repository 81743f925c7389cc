"""Health over HTTP, on a free port."""

import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from streams.observe.health import HealthServer


class Worker:
    """Ready or not."""

    def __init__(self) -> None:
        self.reason: str | None = "no partitions open yet"

    def why_not_ready(self) -> str | None:
        return self.reason


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
async def health(worker: Worker) -> AsyncIterator[HealthServer]:
    server = HealthServer("127.0.0.1", 0, worker.why_not_ready)
    await server.start()
    yield server
    await server.stop()


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


async def test_alive_while_it_answers(health: HealthServer) -> None:
    assert await get(health.address + "/livez") == (200, "ok\n")


async def test_not_ready_says_why_and_ready_as_soon_as_it_is(
    health: HealthServer, worker: Worker
) -> None:
    assert await get(health.address + "/readyz") == (503, "no partitions open yet\n")
    worker.reason = None
    assert await get(health.address + "/readyz") == (200, "ready\n")
    worker.reason = "HTTP 401 authentication_error: set ANTHROPIC_API_KEY to a valid one"
    assert await get(health.address + "/readyz") == (503, worker.reason + "\n")
    assert (await get(health.address + "/livez"))[0] == 200


async def test_there_is_nothing_else_to_see(health: HealthServer) -> None:
    assert (await get(health.address + "/"))[0] == 404


async def test_the_address_is_the_port_it_took(health: HealthServer) -> None:
    host, port = health.address.removeprefix("http://").split(":")
    assert host == "127.0.0.1"
    assert int(port) > 0


async def test_a_port_that_is_taken_is_an_error(worker: Worker) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = HealthServer("127.0.0.1", taken.getsockname()[1], worker.why_not_ready)
        with pytest.raises(OSError, match="address already in use"):
            await server.start()
        await server.stop()


async def test_stopping_frees_the_port_and_may_be_done_twice(worker: Worker) -> None:
    server = HealthServer("127.0.0.1", 0, worker.why_not_ready)
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()
    with pytest.raises(aiohttp.ClientError):
        await get(server.address + "/livez")
