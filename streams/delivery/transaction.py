"""One transactional producer per source partition: everything of a step, in one transaction."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, cast

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from streams.access.connection import Address, client_arguments
from streams.delivery.batches import batches
from streams.delivery.look_back import Look, look_back
from streams.delivery.progress import metadata_of
from streams.delivery.records import Record
from streams.delivery.shared_metadata import share_metadata
from streams.delivery.source_topic import NO_OPTIONS, SourceTopic
from streams.delivery.throttling import Throttled, listen, nobody

BATCH_BYTES = 512 * 1024
TRANSACTION_TIMEOUT_MS = 30_000
"""A dead worker's open transaction is ended by its successor's fence; this only bounds how long
readers wait when there is no successor. Long enough to outlast a broker's restart."""

REQUEST_TIMEOUT_MS = 10_000
"""One broker of several that stands still is given up after so long, and its successor asked, which
Kafka has made by then (9 s by default): in time for the transaction, which aiokafka's default of
40 s is not. A batch that is sent again changes nothing: it has its number."""

LEADERLESS_SECONDS = 25.0
"""How long a batch waits for its partition to have a leader: a lone broker that restarts in order
is waited for, nearly as long as the transaction lasts. aiokafka takes the request's timeout."""

COMMIT_TIMEOUT = 45.0
"""Seconds. By then Kafka has aborted the transaction; and aiokafka 0.14 may wait for ever for
metadata when a broker dies at the wrong moment. The worker exits, and its successor goes on."""


def transactional_id(app_id: str, topic: str, partition: int) -> str:
    """Of the one who writes what belongs to this partition of the input topic."""
    return f"{app_id}-{topic}-{partition}"


class PartitionProducer:
    """``transactional_id`` is the partition's for ever: whoever starts it later fences this one.
    ``source`` is open by then.

    ``options`` are the arguments of streams.delivery.client_options for producers.
    """

    def __init__(
        self,
        bootstrap: Address,
        transactional_id: str,
        group: str,
        source: SourceTopic,
        options: Mapping[str, Any] = NO_OPTIONS,
        throttled: Throttled = nobody,
    ) -> None:
        self._group = group
        self._source = source
        self._producer = AIOKafkaProducer(
            **client_arguments(bootstrap),
            transactional_id=transactional_id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=4 * 2**20,
            **{"client_id": group, "request_timeout_ms": REQUEST_TIMEOUT_MS, **options},
        )
        self._look: Look | None = None
        look_back(self._producer, self._look_back)
        share_metadata(self._producer.client, source.client)
        self._producer._message_accumulator._batch_ttl = LEADERLESS_SECONDS
        listen(self._producer.client, throttled)

    def look_with(self, look: Look) -> None:
        """Before a transaction begins after the coordinator was lost: see
        streams.delivery.look_back."""
        self._look = look

    @property
    def producer_id(self) -> int:
        """Kafka's number for the transactional id; known after the fence."""
        return int(self._producer._txn_manager.producer_id)

    async def fence(self) -> None:
        """Start. From its return on no older producer of this partition can commit anything."""
        await self._producer.start()

    async def partitions_of(self, topic: str) -> int:
        """Number of partitions of ``topic``."""
        return len(await self._producer.partitions_for(topic))

    async def commit(
        self, records: Iterable[Record], source: TopicPartition, offset: int | None
    ) -> dict[TopicPartition, int]:
        """Send ``records`` and commit ``offset`` of ``source``, all or nothing.

        Returns the offset after the last record by topic and partition. Raises what aiokafka
        raises, and RecreatedError; then the outcome is unknown, and this producer must not be used
        again.
        """
        async with asyncio.timeout(COMMIT_TIMEOUT):
            return await self._commit(records, source, offset)

    async def _commit(
        self, records: Iterable[Record], source: TopicPartition, offset: int | None
    ) -> dict[TopicPartition, int]:
        await self._producer.begin_transaction()
        # At once. What was read from another topic of the same name must not be committed as this
        # one's: the look may take as long as the records do, but it must be over before the commit.
        ends, _ = await _all(self._write(records, source, offset), self._source.confirm())
        await self._producer.commit_transaction()
        return cast(dict[TopicPartition, int], ends)

    async def _write(
        self, records: Iterable[Record], source: TopicPartition, offset: int | None
    ) -> dict[TopicPartition, int]:
        by_target: dict[tuple[str, int], list[Record]] = defaultdict(list)
        for record in records:
            by_target[record.topic, record.partition].append(record)
        sent = []
        for (topic, partition), batch in by_target.items():
            for builder in batches(self._producer, batch):
                future = await self._producer.send_batch(builder, topic, partition=partition)
                future.add_done_callback(_look)
                sent.append((TopicPartition(topic, partition), builder.record_count(), future))
        ends: dict[TopicPartition, int] = {}
        for target, count, future in sent:
            ends[target] = (await future).offset + count
        # Not beside the records: the broker asks the coordinator whether each belongs to the
        # transaction, takes a second question of the same producer for the first one's end, and
        # aiokafka asks again after 100 ms.
        await self._send_offset(source, offset)
        return ends

    async def _send_offset(self, source: TopicPartition, offset: int | None) -> None:
        if offset is not None:
            progress = OffsetAndMetadata(offset, metadata_of(self._source.id))
            await self._producer.send_offsets_to_transaction({source: progress}, self._group)

    async def complete(
        self, unended: Iterable[TopicPartition], source: TopicPartition, offset: int | None
    ) -> None:
        """Commit what older transactions of ours have left without an end in ``unended``, and
        ``offset`` of ``source`` once more: the group's topic may miss its marker as well.

        Nothing else is in this transaction, and a cancellation waits for its end: were it aborted,
        all that would be lost. Raises what aiokafka raises.
        """
        await _uncut(self._complete(unended, source, offset))

    async def _complete(
        self, unended: Iterable[TopicPartition], source: TopicPartition, offset: int | None
    ) -> None:
        look, self._look = self._look, None
        async with asyncio.timeout(COMMIT_TIMEOUT):
            await self._producer.begin_transaction()
            self._add(unended)
            await self._send_offset(source, offset)
            await self._producer.commit_transaction()
        self._look = look

    async def undo(self, unended: Iterable[TopicPartition], source: TopicPartition) -> None:
        """Abort what older transactions of ours have left without an end in ``unended``, and the
        offset of ``source`` that they were to commit: see streams/delivery/unended.py.

        An abort of nothing is all that it is where there is nothing. Raises what aiokafka raises.
        """
        async with asyncio.timeout(COMMIT_TIMEOUT):
            await self._producer.begin_transaction()
            self._add(unended)
            # Never committed. It is said only so that the group's topic gets the marker as well.
            offset = {source: OffsetAndMetadata(0, "")}
            await self._producer.send_offsets_to_transaction(offset, self._group)
            await self._producer.abort_transaction()

    async def _look_back(self) -> None:
        if self._look is not None:
            await self._look()

    def _add(self, partitions: Iterable[TopicPartition]) -> None:
        """To the open transaction: these get its marker, though nothing be written there."""
        for partition in partitions:
            self._producer._txn_manager.maybe_add_partition_to_txn(partition)

    async def stop(self) -> None:
        """Close the connection; an open transaction is left to the next owner's fence."""
        await self._producer.stop()


async def _all(*parts: Coroutine[Any, Any, Any]) -> list[Any]:
    """What each of them gives. The first that fails ends the others."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _uncut(whole: Coroutine[Any, Any, None]) -> None:
    """``whole``, to its end: whoever is cancelled meanwhile waits for it."""
    task = asyncio.ensure_future(whole)
    try:
        await asyncio.shield(task)
    finally:
        await asyncio.wait([task])


def _look(sent: "asyncio.Future[Any]") -> None:
    """Else asyncio logs every batch that a transaction which failed has left behind."""
    if not sent.cancelled():
        sent.exception()
