"""Which partitions are fetched."""

import asyncio
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP

from streams.delivery.faust_door import consumer
from streams.delivery.faust_door.consumer import SafeConsumer
from streams.events.sources import Place


class Fetched:
    """Upstream's fetch, which tells what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, float]] = []

    async def __call__(self, partitions: Any, timeout: float) -> dict[Any, Any]:
        self.asked.append((partitions, timeout))
        records = [SimpleNamespace(offset=offset) for offset in (4, 7)]
        return {TP("tickets", 0): records, TP("tickets", 2): []}


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> Fetched:
    fetched = Fetched()

    async def fetch(_: Any, partitions: Any, timeout: float) -> dict[Any, Any]:
        return await fetched(partitions, timeout)

    monkeypatch.setattr(Consumer, "_getmany", fetch)
    monkeypatch.setattr(consumer, "HELD_PAUSE", 0.01)
    return fetched


def consumer_with(held: Collection[int]) -> Any:
    """One that holds back these partitions of one of its topics."""
    found: Any = SafeConsumer.__new__(SafeConsumer)
    found.came = []
    found.app = SimpleNamespace(
        held_back=lambda: {Place("tickets", n) for n in held},
        coming=lambda *told: found.came.append(told),
    )
    found.sleep = asyncio.sleep
    return found


async def test_a_partition_that_is_held_back_is_not_fetched_and_looked_at_again_soon(
    fetched: Fetched,
) -> None:
    active = {*(TP("tickets", number) for number in range(3)), TP("others", 1)}
    await consumer_with(set())._getmany(active, 1.0)
    await consumer_with({1})._getmany(active, 1.0)
    await consumer_with({1})._getmany(None, 1.0)
    assert fetched.asked == [
        (active, 1.0),
        ({TP("tickets", 0), TP("tickets", 2), TP("others", 1)}, 0.01),
        (None, 1.0),
    ]
    # Upstream's own set stays: it decides what becomes of records that were fetched before.
    assert len(active) == 4


async def test_where_all_are_held_back_nothing_is_fetched(fetched: Fetched) -> None:
    """An empty set would mean all of them."""
    assert await consumer_with({0})._getmany({TP("tickets", 0)}, 1.0) == {}
    assert fetched.asked == []


@pytest.mark.usefixtures("fetched")
async def test_it_is_told_how_far_was_fetched() -> None:
    one = consumer_with(set())
    await one._getmany({TP("tickets", 0), TP("tickets", 2)}, 1.0)
    assert one.came == [(TP("tickets", 0), 8)]


def consumer_before(*, flows: bool, full: bool) -> Any:
    """One before a queue of an agent."""
    found = consumer_with(set())
    found.app.flow_control = SimpleNamespace(is_active=lambda: flows)
    found.app.topics = [SimpleNamespace(queue=SimpleNamespace(full=lambda: full))]
    found._stopped, found._crashed = asyncio.Event(), asyncio.Event()
    found._loop = asyncio.get_running_loop()
    return found


async def test_an_event_that_need_not_wait_is_put_into_the_queue_without_a_task() -> None:
    put_by: list[Any] = []

    async def put() -> None:
        put_by.append(asyncio.current_task())

    one = consumer_before(flows=True, full=False)
    await one.wait_first(put(), asyncio.Event().wait())
    assert put_by == [asyncio.current_task()]


@pytest.mark.parametrize(("flows", "full"), [(True, True), (False, False), (False, True)])
async def test_an_event_that_waits_for_room_is_let_go_when_a_rebalance_suspends_the_flow(
    flows: bool, full: bool
) -> None:
    suspended = asyncio.Event()
    one = consumer_before(flows=flows, full=full)
    waiting = asyncio.ensure_future(one.wait_first(asyncio.Event().wait(), suspended.wait()))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    suspended.set()
    await asyncio.wait_for(waiting, 5)
