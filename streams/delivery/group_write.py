"""Records that are acknowledged together: what comes within milliseconds shares one request."""

import asyncio
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

from streams.delivery.batches import batches
from streams.delivery.records import Record

LEAST_PAUSE = 0.005
"""Seconds between two requests. A request takes about 0.3 ms of our CPU, whatever is in it, and a
record that comes alone is not held up."""


@dataclass(slots=True)
class _Group:
    """Records of one partition, and what their writers wait for."""

    written: "asyncio.Future[None]"
    records: list[Record] = field(default_factory=list)


class GroupWriter:
    """Writes through ``producer``, which is started and stopped by whoever made it.

    A partition has one batch under way at a time, and without a leader holds up no other one.
    (aiokafka 0.14 waits for the batch before, too, but counts the time of that wait many times
    over, and gives up after a second or two of its ten.)
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.producer = producer
        self._groups: dict[tuple[str, int], _Group] = {}
        self._sending: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._last = 0.0
        self._due: asyncio.TimerHandle | None = None

    async def write(self, record: Record) -> None:
        """Return when Kafka has acknowledged the record. Raises what aiokafka raises: then it may
        be there all the same."""
        where = record.topic, record.partition
        group = self._groups.get(where)
        if group is None:
            group = self._groups[where] = _Group(asyncio.get_running_loop().create_future())
            self._send_soon(where)
        group.records.append(record)
        await asyncio.shield(group.written)  # one writer that is cancelled is not all of them

    def _send_soon(self, where: tuple[str, int]) -> None:
        if self._due is None and where in self._groups and where not in self._sending:
            loop = asyncio.get_running_loop()
            self._due = loop.call_at(max(loop.time(), self._last + LEAST_PAUSE), self._send)

    def _send(self) -> None:
        self._due, self._last = None, asyncio.get_running_loop().time()
        # In the order they came in: a set's order is another one in every process.
        for where in [where for where in self._groups if where not in self._sending]:
            task = asyncio.create_task(self._send_group(*where, self._groups.pop(where)))
            self._sending[where] = task
            task.add_done_callback(lambda _, where=where: self._sent(where))  # type: ignore[misc]

    def _sent(self, where: tuple[str, int]) -> None:
        del self._sending[where]
        self._send_soon(where)

    async def _send_group(self, topic: str, partition: int, group: _Group) -> None:
        try:
            sent = [
                await self.producer.send_batch(batch, topic, partition=partition)
                for batch in batches(self.producer, group.records)
            ]
            for acknowledged in sent:
                await acknowledged
        except Exception as error:
            group.written.set_exception(error)
            group.written.exception()  # those who waited may have been cancelled
        else:
            group.written.set_result(None)
