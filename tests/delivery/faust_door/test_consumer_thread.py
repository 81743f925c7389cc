"""Where the consumer is sent."""

from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

from streams.delivery.faust_door.consumer_thread import ConsumerThread
from streams.events.sources import Place


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
