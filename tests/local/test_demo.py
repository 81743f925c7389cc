"""The promise to a newcomer, as a whole: every button once, and nothing is lost."""

import asyncio
from typing import Any

import aiohttp
import pytest

from streams.dashboard.demo_panel import TOKEN_HEADER
from streams.local import demo_faults
from streams.local.demo import Demo
from streams.local.demo_faults import LOAD

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

TICKETS, BURST = 200, 300


class Visitor:
    """Looks at the panel over HTTP, and presses its buttons."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.seen: list[dict[str, Any]] = []

    async def visit(self) -> None:
        async with aiohttp.ClientSession(self._url) as http:
            async with http.get("/api/demo/token") as response:
                token = (await response.json())["token"]
            told = await self._until(http, lambda told: told["promises"]["checks"])
            for fault in told["faults"]:
                path, headers = f"/api/demo/{fault['name']}", {TOKEN_HEADER: token}
                async with http.post(path, headers=headers) as response:
                    assert response.status == 202
                told = await self._until(http, lambda told: told["happening"]["ended_at"])
                assert told["happening"]["phase"] == "over", told
            assert len(told["faults"]) == 4

    async def _until(self, http: aiohttp.ClientSession, holds: Any) -> dict[str, Any]:
        while True:
            async with http.get("/api/demo") as response:
                told: dict[str, Any] = await response.json()
            self.seen.append(told["promises"])
            if holds(told):
                return told
            await asyncio.sleep(0.25)


async def test_every_button_is_pressed_and_the_promises_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo_faults, "AWAY_SECONDS", 2.0)
    monkeypatch.setattr(demo_faults, "OVERLOAD_SECONDS", 2.0)
    monkeypatch.setattr(demo_faults, "BURST", BURST)
    demo = Demo(TICKETS, seed=1, on_step=lambda _: None)
    visitor: list[Visitor] = []

    async def linger() -> None:
        visitor.append(Visitor(demo.dashboard_url))
        await visitor[0].visit()

    report = await demo.run(lambda *_: None, linger)

    seen = visitor[0].seen
    assert not [told for told in seen if told["state"] == "broken"], seen
    assert {told["state"] for told in seen} >= {"settling", "holds"}
    assert any(not told["current"] for told in seen)  # Kafka was away
    last = seen[-1]
    assert last["state"] == "holds"
    assert last["lost"] == last["duplicates"] == last["paid_twice"] == last["in_flight"] == 0
    assert last["tickets"] == report.tickets == TICKETS + 3 * LOAD + BURST
    # What the worker had in hand when it was killed stands in the books, as a bound.
    assert 0 <= int(last["difference"]) <= int(last["unsettled"])
    assert report.calls["abandoned"] > 0
    assert int(last["unsettled"]) == report.unsettled_picodollars > 0
    assert (int(last["books"]), int(last["api"])) == (
        report.spend_picodollars,
        report.api_spend_picodollars,
    )
    assert report.good
