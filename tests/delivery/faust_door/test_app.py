"""The check that the overrides of Faust still fit what is installed."""

import asyncio
from collections.abc import Collection
from importlib import metadata
from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types import TP

from streams.delivery.faust_door import app as faust_door
from streams.delivery.faust_door.app import (
    PRIVATE_NAMES,
    ConsumerThread,
    SafeConsumer,
    create_app,
    misfits,
)
from streams.events.sources import Place
from streams.settings import Settings


def test_what_is_installed_fits() -> None:
    assert misfits() == []


@pytest.mark.parametrize("package", faust_door.PINNED)
def test_another_version_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = metadata.version
    monkeypatch.setattr(
        faust_door, "version", lambda name: "9.9.9" if name == package else real(name)
    )
    [misfit] = misfits()
    assert package in misfit
    assert "9.9.9" in misfit
    assert faust_door.PINNED[package] in misfit


@pytest.mark.parametrize("name", sorted({name for _, name in PRIVATE_NAMES}))
def test_a_private_name_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    [entry] = [entry for entry in PRIVATE_NAMES if entry[1] == name]
    monkeypatch.setattr(faust_door, "PRIVATE_NAMES", [(entry[0], name + "_of_old")])
    [misfit] = misfits()
    assert f"{name}_of_old is gone" in misfit


class Fetched:
    """Upstream's fetch, which tells what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, float]] = []

    async def __call__(self, consumer: Any, partitions: Any, timeout: float) -> dict[Any, Any]:
        del consumer
        self.asked.append((partitions, timeout))
        return {"records": 1}


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> Fetched:
    fetched = Fetched()

    async def fetch(consumer: Any, partitions: Any, timeout: float) -> dict[Any, Any]:
        return await fetched(consumer, partitions, timeout)

    monkeypatch.setattr(Consumer, "_getmany", fetch)
    monkeypatch.setattr(faust_door, "HELD_PAUSE", 0.01)
    return fetched


def consumer_with(held: Collection[int]) -> Any:
    """One that holds back these partitions of one of its topics."""
    consumer: Any = SafeConsumer.__new__(SafeConsumer)
    consumer.app = SimpleNamespace(held_back=lambda: {Place("tickets", n) for n in held})
    consumer.sleep = asyncio.sleep
    return consumer


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


def test_nothing_of_faust_s_own_delivery_is_on() -> None:
    app = create_app(Settings(bootstrap_servers="one:9092, two:9093", app_id="other"))
    conf = app.conf
    assert [str(url) for url in conf.broker] == ["kafka://one:9092", "kafka://two:9093"]
    assert conf.id == "other"
    assert not conf.web_enabled
    assert not conf.topic_allow_declare
    assert conf.processing_guarantee.value == "at_least_once"
    assert conf.broker_session_timeout > 4 * conf.broker_heartbeat_interval
    assert conf.broker_rebalance_timeout > Settings().stop_grace
    assert app.transport.Consumer is SafeConsumer


def test_a_static_member_has_the_same_name_and_address_wherever_it_starts() -> None:
    conf = create_app(Settings(group_instance_id="w1", session_timeout=60)).conf
    assert conf.consumer_group_instance_id == "w1"
    assert str(conf.canonical_url) == "http://w1"
    assert conf.broker_heartbeat_interval <= 3
    assert create_app(Settings()).conf.consumer_group_instance_id is None


async def test_open_partitions_are_read_from_where_they_stand_whatever_kafka_says_is_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An offset that a transaction has just committed is not told yet to who does not insist."""
    committed = {TP("tickets", 0): 24, TP("tickets", 1): None, TP("tickets", 2): 7}
    at: dict[TP, int] = {}

    async def upstream(_: Any) -> dict[TP, int | None]:
        return committed

    async def call(function: Any, *arguments: Any) -> None:
        function(*arguments)

    monkeypatch.setattr(AIOKafkaConsumerThread, "seek_to_committed", upstream)
    thread: Any = ConsumerThread.__new__(ConsumerThread)
    thread.app = SimpleNamespace(standing=lambda: {Place("tickets", 0): 0})
    thread.assignment = lambda: set(committed)
    thread.call_thread = call
    thread._ensure_consumer = lambda: SimpleNamespace(seek=at.__setitem__)
    assert await thread.seek_to_committed() == at
    assert at == {TP("tickets", 0): 0, TP("tickets", 1): 0, TP("tickets", 2): 7}
