"""What the owners before have left without an end is ended as it should have been.

What a transaction was to be is told by its rows in the done topic: the committed ones are true.
What only one producer writes is ended before they are read; the outputs after, by what they say.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.client import AIOKafkaClient

from streams.access.connection import Address
from streams.delivery.restore import Restored
from streams.delivery.transaction import PartitionProducer
from streams.delivery.unended import (
    Starts,
    again,
    last_is_committed,
    left_without_end,
    records_of,
    released_since,
    seen_since,
    source_offset,
    written_by_all,
    written_by_one,
)
from streams.events.sources import Place, Sources
from streams.events.topics import Topics

log = logging.getLogger(__name__)

CLOCKS_MS = 60_000
"""What the clocks of two brokers may differ by."""


class Mending:
    """Of partitions that are being opened: ``owned``, by source number, whose ``producers`` are
    fenced. Everything here raises KafkaError and TimeoutError: then they cannot be opened."""

    def __init__(
        self,
        bootstrap: Address,
        topics: Topics,
        sources: Sources,
        owned: Mapping[int, Place],
        producers: Mapping[int, PartitionProducer],
    ) -> None:
        self._bootstrap = bootstrap
        self._topics = topics
        self._name = sources.name
        self._owned = owned
        self._producers = producers
        self._own = {number: written_by_one(topics, number) for number in owned}
        self._outputs: dict[int, Starts] = {}

    async def end_own(self, client: AIOKafkaClient, outputs: Mapping[str, int]) -> None:
        """Before anything is read. ``outputs`` are the output topics with their partitions.

        A transaction whose done rows are not committed is aborted, unless something of it can be
        seen; one whose done rows are, is committed where it is not yet.
        """
        ids = {number: producer.producer_id for number, producer in self._producers.items()}
        every = written_by_all(outputs)
        found = await left_without_end(self._bootstrap, client, self._own, every, ids)
        for number, starts in found.items():
            source, producer = TopicPartition(*self._owned[number]), self._producers[number]
            own = set(self._own[number]).intersection(starts)
            self._outputs[number] = {tp: at for tp, at in starts.items() if tp not in own}
            if not own:
                continue
            if await self._was_committed(number, starts):
                self._say("is committed", number)
                await producer.complete(own, source, None)
            else:
                self._say("is aborted, its tickets are done again", number)
                await producer.undo(own, source)

    async def _was_committed(self, number: int, starts: Starts) -> bool:
        done = TopicPartition(self._topics.done, number)
        if done not in starts:
            return await last_is_committed(self._bootstrap, done)
        start = starts[done]
        out = {} if start is None else await released_since(self._bootstrap, done, start)
        return bool(out) and not out.keys().isdisjoint(await self._seen(number, out.values()))

    async def end_outputs(self, begin: Mapping[int, int], restored: Mapping[int, Restored]) -> None:
        """``begin`` has the offset where each partition goes on: the tickets below it are out, and
        those that are done. Those are to be seen, and no others."""
        for number, starts in self._outputs.items():
            if not starts:
                continue
            place, producer = self._owned[number], self._producers[number]
            source = TopicPartition(*place)
            known = {tp: at for tp, at in starts.items() if at is not None}
            if untold := starts.keys() - known.keys():
                await producer.undo(untold, source)
            if not known:
                continue
            records = await records_of(self._bootstrap, self._topics, place, known)
            keep = await self._to_be_seen(number, begin[number], restored[number], records)
            if len(keep) == len(records):
                self._say("is committed", number)
                await producer.complete(known, source, None)
                continue
            self._say("is aborted in the outputs", number)
            await producer.undo(known, source)
            if keep:
                await producer.commit(map(again, keep), source, None)

    async def _to_be_seen(
        self, number: int, begin: int, state: Restored, records: Sequence[ConsumerRecord]
    ) -> list[ConsumerRecord]:
        """Those of ``records`` whose tickets are out, and not to be seen elsewhere."""
        place = self._owned[number]
        out = {
            offset: record
            for record in records
            if (offset := source_offset(record, self._topics, place)) < begin
            or state.is_released(offset)
        }
        if not out:
            return []
        seen = await self._seen(number, (record.timestamp for record in out.values()))
        return [record for offset, record in out.items() if offset not in seen]

    async def _seen(self, number: int, written: Iterable[int]) -> set[int]:
        """Offsets of the tickets whose results can be seen, from the first of the times (epoch
        milliseconds) when something was ``written``."""
        since = min(written) - CLOCKS_MS
        return await seen_since(self._bootstrap, self._topics, self._owned[number], since)

    def _say(self, what: str, number: int) -> None:
        log.warning(
            "partition %s: a transaction that Kafka ended without its markers %s",
            self._name(number),
            what,
        )
