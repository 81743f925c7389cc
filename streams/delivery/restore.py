"""What is read after the fence, before the first call: finished tickets, table rows, open calls."""

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from streams.access.connection import Address, client_arguments
from streams.delivery.intents import IntentLog
from streams.delivery.progress import Progress
from streams.events.model import Done
from streams.events.sources import Place
from streams.events.topics import Topics
from streams.events.wire import decode_done
from streams.settings import Settings

NO_IDS: Mapping[int, str] = MappingProxyType({})

FETCH_BYTES = 8 * 2**20
FETCH_WAIT_MS = 20
"""Nothing else goes over a connection while a fetch waits for records: with aiokafka's half second
each look at where the topics end took so long, and so did every rebalance."""


@dataclass(slots=True)
class Restored:
    """The state of one source partition."""

    progress: Progress = field(default_factory=Progress)
    done_end: int = 0
    """Where the next row of the done topic goes."""
    changelogs: dict[str, dict[bytes, bytes | None]] = field(default_factory=dict)
    """Last value by key, by changelog topic."""
    intents: IntentLog = field(default_factory=IntentLog)
    """Calls that the owners before began."""

    @property
    def done(self) -> dict[int, Done]:
        """Finished tickets by source offset."""
        return self.progress.done

    def is_released(self, offset: int) -> bool:
        """Whether the done rows say that this ticket is out."""
        row = self.done.get(offset)
        return row is not None and row.released


@contextmanager
def many_objects(*, again: bool) -> Iterator[None]:
    """While the rows of the tables are read, a million of them perhaps: Python's collector would go
    through all of them again and again, here and ever after. None of them is a cycle.

    ``again`` tells that an earlier assignment read some, which are gone by now.
    """
    if again:
        gc.unfreeze()
        gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


async def restore(
    bootstrap: Address,
    topics: Topics,
    partitions: Collection[int],
    topic_ids: Mapping[int, str] = NO_IDS,
) -> Mapping[int, Restored]:
    """Read done rows, intents and changelogs of ``partitions`` (source numbers) to their end:
    committed records.

    Rows of an input topic with another id than ``topic_ids`` has are left out. Call it after the
    partitions' older producers are fenced: then the end is the end.
    """
    changelogs = (topics.spend, topics.errors)
    state = {
        p: Restored(
            Progress(topic_ids.get(p, "")),
            changelogs={topic: {} for topic in changelogs},
            intents=IntentLog(p),
        )
        for p in partitions
    }
    wanted = [
        TopicPartition(t, p) for t in (topics.done, topics.intents, *changelogs) for p in partitions
    ]
    consumer = AIOKafkaConsumer(
        **client_arguments(bootstrap),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    await consumer.start()
    try:
        consumer.assign(wanted)
        await consumer.seek_to_beginning(*wanted)
        ends = await consumer.end_offsets(wanted)
        for tp in wanted:
            if tp.topic == topics.done:
                state[tp.partition].done_end = ends[tp]
        while behind := [tp for tp in wanted if await consumer.position(tp) < ends[tp]]:
            batches = await consumer.getmany(*behind, timeout_ms=500, max_records=10_000)
            for tp, records in batches.items():
                _take(state[tp.partition], tp.topic, topics, records)
    finally:
        await consumer.stop()
    return state


def _take(
    into: Restored,
    topic: str,
    topics: Topics,
    records: Sequence["ConsumerRecord[bytes, bytes | None]"],
) -> None:
    if topic == topics.done:
        for record in records:
            if record.value is not None:
                into.progress.take(decode_done(record.value), record.headers)
    elif topic == topics.intents:
        for record in records:
            into.intents.take(record.key, record.value)
    else:
        rows = into.changelogs[topic]
        for record in records:
            rows[record.key] = record.value


async def source_ends(settings: Settings, places: Mapping[int, Place]) -> Mapping[int, int]:
    """Where the committed records of source partitions end, by their numbers."""
    wanted = {number: TopicPartition(*place) for number, place in places.items()}
    consumer = AIOKafkaConsumer(
        **client_arguments(settings.kafka),
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    try:
        await consumer.start()
        ends = await consumer.end_offsets(list(wanted.values()))
    finally:
        await consumer.stop()
    return {number: ends[tp] for number, tp in wanted.items()}
