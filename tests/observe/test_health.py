"""Health over HTTP, on a free port."""

import asyncio
import socket
import threading
import urllib.request
from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Gauge

from streams.observe.health import HealthServer, Phase, Readiness


class Worker:
    """Ready or not."""

    def __init__(self) -> None:
        self.reason: str | None = "joining"

    def why_not_ready(self) -> str | None:
        return self.reason


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
async def health(worker: Worker) -> AsyncIterator[HealthServer]:
    server = HealthServer("127.0.0.1", 0, worker.why_not_ready, CollectorRegistry())
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
    assert await get(health.address + "/readyz") == (503, "joining\n")
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
        server = HealthServer(
            "127.0.0.1", taken.getsockname()[1], worker.why_not_ready, CollectorRegistry()
        )
        with pytest.raises(OSError, match="address already in use"):
            await server.start()
        await server.stop()


async def test_stopping_frees_the_port_and_may_be_done_twice(worker: Worker) -> None:
    server = HealthServer("127.0.0.1", 0, worker.why_not_ready, CollectorRegistry())
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()
    with pytest.raises(aiohttp.ClientError):
        await get(server.address + "/livez")


def test_a_stuck_loop_is_not_alive_and_alive_again_when_it_goes_on(worker: Worker) -> None:
    loop = asyncio.new_event_loop()
    server = HealthServer("127.0.0.1", 0, worker.why_not_ready, CollectorRegistry())
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    stuck, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        stuck.set()
        go_on.wait()

    def alive(timeout: float) -> bool:
        with urllib.request.urlopen(server.address + "/livez", timeout=timeout) as response:
            return bool(response.status == 200)

    try:
        assert alive(10)
        loop.call_soon_threadsafe(hang)
        assert stuck.wait(10)
        with pytest.raises(TimeoutError):
            alive(0.5)
        go_on.set()
        assert alive(10)
    finally:
        go_on.set()
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class State:
    """What readiness looks at."""

    def __init__(self) -> None:
        self.ready = False
        self.blocked: str | None = None
        self.readiness = Readiness(lambda: self.ready, lambda: self.blocked)


def test_each_phase_has_words_of_its_own() -> None:
    state = State()
    told = [state.readiness.why_not()]
    for state.readiness.phase in Phase:
        told.append(state.readiness.why_not())
    assert told[0] == Phase.JOINING == told[1]
    first_words = [words.partition(":")[0] for words in told[1:] if words]
    assert first_words == ["joining", "recovering", "rebalancing", "stopping"]


def test_with_open_partitions_it_is_ready_whatever_the_last_phase_was() -> None:
    state = State()
    state.readiness.phase = Phase.RECOVERING
    state.ready = True
    assert state.readiness.why_not() is None


@pytest.mark.parametrize("ready", [True, False])
def test_what_a_person_must_mend_comes_first(ready: bool) -> None:
    state = State()
    state.ready = ready
    state.blocked = "HTTP 401 authentication_error: the API refuses the key"
    assert state.readiness.why_not() == state.blocked


async def test_metrics_are_read_when_they_are_asked_for(worker: Worker) -> None:
    registry = CollectorRegistry()
    level = Gauge("level", "Of something.", registry=registry)
    server = HealthServer("127.0.0.1", 0, worker.why_not_ready, registry)
    await server.start()
    try:
        for value in (1, 2):
            level.set(value)
            status, body = await get(server.address + "/metrics")
            assert status == 200
            assert f"level {value}.0\n" in body
    finally:
        await server.stop()


async def test_an_alarm_is_told_while_the_worker_is_ready(worker: Worker) -> None:
    alarms: list[str] = []
    server = HealthServer(
        "127.0.0.1", 0, worker.why_not_ready, CollectorRegistry(), lambda: "".join(alarms) or None
    )
    await server.start()
    try:
        worker.reason = None
        assert await get(server.address + "/readyz") == (200, "ready\n")
        alarms.append("a price is missing")
        assert await get(server.address + "/readyz") == (200, "ready\nbut a price is missing\n")
        worker.reason = "joining"
        assert await get(server.address + "/readyz") == (503, "joining\n")
    finally:
        await server.stop()
