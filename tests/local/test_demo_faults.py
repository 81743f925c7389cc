import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from streams.dashboard.demo_panel import BusyError
from streams.local import demo_faults
from streams.local.demo_faults import BURST, LOAD, FaultDesk
from streams.local.kafka.broker import EmbeddedKafka
from streams.local.kept_worker import KeptWorker
from streams.local.promises import Verdict
from streams.local.standin.process import StandIn

WEATHER = {"latency": 0.1, "error": {529: 0.01}}


class Crew:
    """Broker, API, worker and watch in one; notes what is done to each."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.did: list[Any] = []
        self.alive = True
        self.stopped = asyncio.Event()
        self.verdict = Verdict("holds", tickets=600, checks=16)

    def start(self) -> None:
        self.did.append("start Kafka")
        self.alive = True

    def stop(self) -> None:
        self.did.append("stop Kafka")
        self.alive = False
        self.loop.call_soon_threadsafe(self.stopped.set)

    def account(self) -> dict[str, int]:
        return {"in_flight": 7}

    def faults(self, **changes: Any) -> None:
        self.did.append(changes)

    def kill(self) -> int:
        self.did.append("kill -9")
        return 42

    async def send(self, tickets: int) -> None:
        self.did.append(tickets)

    async def until(self, holds: Callable[[Verdict], bool]) -> Verdict:
        assert holds(self.verdict)
        assert not holds(Verdict("settling"))
        return self.verdict


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLOW_ANSWER", "AWAY_SECONDS", "OVERLOAD_SECONDS"):
        monkeypatch.setattr(demo_faults, name, 0.0)


@pytest.fixture
async def crew() -> Crew:
    return Crew()


@pytest.fixture
async def desk(crew: Crew) -> FaultDesk:
    return FaultDesk(
        cast(EmbeddedKafka, crew),
        cast(StandIn, crew),
        cast(KeptWorker, crew),
        crew,
        crew.send,
        WEATHER,
    )


async def over(desk: FaultDesk) -> None:
    async with asyncio.timeout(10):
        await desk.ended()


@pytest.mark.parametrize(
    ("name", "did"),
    [
        ("kill-worker", [{"latency": 0.0}, LOAD, "kill -9", WEATHER]),
        ("stop-kafka", [{"latency": 0.0}, LOAD, "stop Kafka", "start Kafka", WEATHER, WEATHER]),
        ("overload-api", [{"error": {529: 1.0}}, LOAD, WEATHER, WEATHER]),
        ("burst", [BURST, WEATHER]),
    ],
)
async def test_each_button_breaks_one_thing_under_load_and_mends_it(
    desk: FaultDesk, crew: Crew, name: str, did: list[Any]
) -> None:
    desk.press(name)
    await over(desk)
    assert crew.did == did
    assert desk.last is not None
    assert desk.last.phase == "over"
    assert "all 600 tickets are out: 0 lost, 0 doubled, 0 paid twice" in desk.last.said[-1]


async def test_every_button_is_tried_above(desk: FaultDesk) -> None:
    assert set(desk.faults) == {"kill-worker", "stop-kafka", "overload-api", "burst"}


async def test_one_at_a_time(desk: FaultDesk) -> None:
    desk.press("burst")
    with pytest.raises(BusyError, match="Burst of 1,000 tickets"):
        desk.press("burst")
    await over(desk)
    desk.press("kill-worker")
    await over(desk)


async def test_an_unknown_one_is_none(desk: FaultDesk) -> None:
    with pytest.raises(KeyError):
        desk.press("unplug")
    assert desk.last is None


async def test_the_end_of_the_demo_mends_what_is_broken(
    desk: FaultDesk, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_faults, "AWAY_SECONDS", 60.0)
    desk.press("stop-kafka")
    async with asyncio.timeout(10):
        await crew.stopped.wait()
    assert not crew.alive
    await desk.close()
    assert crew.did[-2] == "start Kafka"
    assert crew.did[-1] == WEATHER


async def test_what_goes_wrong_is_told_and_does_not_block_the_others(
    desk: FaultDesk, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(tickets: int) -> None:
        raise OSError("no room")

    monkeypatch.setattr(desk, "_send", refuse)
    desk.press("burst")
    await over(desk)
    assert desk.last is not None
    assert (desk.last.phase, "no room" in desk.last.said[-1]) == ("failed", True)
    monkeypatch.setattr(desk, "_send", crew.send)
    desk.press("burst")
    await over(desk)
    assert desk.last.phase == "over"
