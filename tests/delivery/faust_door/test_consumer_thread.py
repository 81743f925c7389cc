"""Where the consumer is sent."""

from types import SimpleNamespace
from typing import Any

from faust.types import TP

from streams.delivery.faust_door.consumer_thread import ConsumerThread
from streams.events.sources import Place


async def test_open_partitions_are_read_from_where_they_stand_and_kafka_is_not_asked() -> None:
    """An offset that a transaction has just committed is not told yet to who does not insist."""
    ours = {TP("tickets", 0), TP("tickets", 1), TP("tickets", 2)}
    at: dict[TP, int] = {}

    async def call(function: Any, *arguments: Any) -> Any:
        return function(*arguments)

    thread: Any = ConsumerThread.__new__(ConsumerThread)
    # Of 2 the group has just given us the right, and of 3 taken it.
    standing = {Place("tickets", 0): 0, Place("tickets", 1): 7, Place("tickets", 3): 9}
    thread.app = SimpleNamespace(standing=lambda: standing)
    thread.call_thread = call
    consumer = SimpleNamespace(seek=at.__setitem__, assignment=lambda: ours)
    thread._ensure_consumer = lambda: consumer
    assert await thread.seek_to_committed() == at == {TP("tickets", 0): 0, TP("tickets", 1): 7}
