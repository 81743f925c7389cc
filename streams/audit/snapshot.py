"""Reads topics from Kafka up to a fixed end, without joining the consumer group.

An end is compared with the reader's position, never with the number of records or the offset of
the last one: transaction markers, aborted records and compaction leave gaps, also at the very end.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Literal, cast

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaTimeoutError

from streams.access.connection import Address, client_arguments
from streams.audit.numbering import read_sources
from streams.audit.topic_admin import MissingTopicError, connect, open_admin, partition_counts
from streams.events.sources import Sources
from streams.events.topics import Topics

Isolation = Literal["read_committed", "read_uncommitted"]
Offsets = Mapping[TopicPartition, int]

OnProgress = Callable[[int, int], None]
"""Told how many records have been passed, and how many there are, gaps included."""


def ignore_progress(passed: int, all_of_them: int) -> None:
    """Tells nobody."""
    del passed, all_of_them


# Longer than any transaction may stay open (10 s): until it ends, its partition stands still.
STALL_SECONDS = 60.0
POLL_MS = 100
AT_A_TIME = 1_000
"""Records that are taken before others on the event loop have their turn: so many rows of the books
hold it for some 20 ms."""
# Partitions read side by side, and how much of each is fetched ahead: what a reader holds.
AT_ONCE = 16
FETCH_BYTES = 2**20


async def next_records(reader: AIOKafkaConsumer) -> list[ConsumerRecord]:
    """What is there by now, or comes soon, a bounded number. For loops that go on for ever.

    Nobody else runs from the moment that the reader's position is past them.
    """
    await asyncio.sleep(0)  # getmany lets nobody else run while there are records
    batches = await reader.getmany(timeout_ms=POLL_MS, max_records=AT_A_TIME)
    return [record for records in batches.values() for record in records]


class Snapshot:
    """A reader of whole topics. Made by :func:`open_snapshot`; one read at a time."""

    def __init__(
        self,
        bootstrap: Address,
        admin: AIOKafkaAdminClient,
        reader: AIOKafkaConsumer,
        written: AIOKafkaConsumer,
        on_progress: OnProgress = ignore_progress,
    ) -> None:
        self.admin = admin
        self._bootstrap = bootstrap
        self._consumer = reader
        self._written = written
        self._on_progress = on_progress
        self._passed = 0
        self._expected = 0

    async def topics(self) -> list[str]:
        """Names of all topics there are."""
        return sorted(await partition_counts(self.admin))

    async def inputs(self, topics: Topics) -> tuple[list[str], Sources]:
        """The input topics, those too that are named and not there, and the numbers of their
        partitions. Raises KafkaError."""
        counts = await partition_counts(self.admin)
        return topics.inputs(counts), await read_sources(self._bootstrap, topics, counts)

    async def expect(self, ends: Offsets) -> None:
        """What will be read, from the beginning: told to ``on_progress``."""
        starts = await self.starts({tp.topic for tp in ends})
        self._expected = sum(max(0, end - starts.get(tp, 0)) for tp, end in ends.items())

    async def partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        """All partitions of these topics. Raises MissingTopicError."""
        counts = await partition_counts(self.admin)
        found = []
        for topic in dict.fromkeys(topics):
            if topic not in counts:
                raise MissingTopicError(topic)
            found += [TopicPartition(topic, number) for number in range(counts[topic])]
        return found

    async def starts(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """The first offset that is still there, by partition."""
        partitions = await self._known(self._consumer, topics)
        return cast(dict[TopicPartition, int], await self._consumer.beginning_offsets(partitions))

    async def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """What is visible now: the end of the last finished transaction, by partition."""
        partitions = await self._known(self._consumer, topics)
        return cast(dict[TopicPartition, int], await self._consumer.end_offsets(partitions))

    async def places(self, ends: Offsets, since: int) -> dict[TopicPartition, int]:
        """The first offset from ``since`` (epoch milliseconds) on, at most the end."""
        found = await self._consumer.offsets_for_times(dict.fromkeys(ends, since))
        return {tp: at.offset if (at := found.get(tp)) else end for tp, end in ends.items()}

    async def written(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """What is written now, open transactions included: reading up to it waits for them."""
        partitions = await self._known(self._written, topics)
        return cast(dict[TopicPartition, int], await self._written.end_offsets(partitions))

    async def _known(
        self, consumer: AIOKafkaConsumer, topics: Iterable[str]
    ) -> list[TopicPartition]:
        partitions = await self.partitions(topics)
        await learn(consumer, {tp.topic for tp in partitions})
        return partitions

    async def read(
        self, ends: Offsets, starts: Offsets | None = None
    ) -> AsyncIterator[ConsumerRecord]:
        """The records from ``starts`` (default: the beginning) to ``ends``, which are left out.

        In order within a partition. Memory stays flat. Raises KafkaTimeoutError when a partition
        makes no progress for a minute.
        """
        starts = starts or {}
        left = [tp for tp, end in ends.items() if end > starts.get(tp, 0)]
        for first in range(0, len(left), AT_ONCE):
            some = {tp: ends[tp] for tp in left[first : first + AT_ONCE]}
            async for record in self._read(some, starts):
                yield record

    async def _read(self, ends: Offsets, starts: Offsets) -> AsyncIterator[ConsumerRecord]:
        consumer, left = self._consumer, dict(ends)
        consumer.assign(list(left))
        for tp in left:
            if tp in starts:
                consumer.seek(tp, starts[tp])
        moved = time.monotonic()
        before: dict[TopicPartition, int] = {}
        while True:
            async with asyncio.timeout(STALL_SECONDS):
                positions = {tp: await consumer.position(tp) for tp in left}
            self._tell(positions, before)
            for tp in [tp for tp, position in positions.items() if position >= left[tp]]:
                del left[tp]
                consumer.pause(tp)
            if not left:
                break
            if positions != before:
                before, moved = positions, time.monotonic()
            elif time.monotonic() - moved > STALL_SECONDS:
                raise KafkaTimeoutError(f"no progress in {', '.join(map(name, left))}")
            for tp, records in (await consumer.getmany(*left, timeout_ms=POLL_MS)).items():
                for record in records:
                    if record.offset < ends[tp]:
                        yield record
        consumer.unsubscribe()

    def _tell(self, positions: Offsets, before: Offsets) -> None:
        if before:
            self._passed += sum(position - before[tp] for tp, position in positions.items())
        self._on_progress(self._passed, self._expected)


def name(tp: TopicPartition) -> str:
    """``topic[partition]``, as people write it."""
    return f"{tp.topic}[{tp.partition}]"


def place(record: ConsumerRecord) -> str:
    """``topic[partition]@offset``: where a record stands."""
    return f"{record.topic}[{record.partition}]@{record.offset}"


async def learn(consumer: AIOKafkaConsumer, topics: Iterable[str]) -> None:
    """Ask about all these topics at once, before their offsets are asked for.

    aiokafka 0.14 asks about one that it does not know, waits 100 ms, and only then finds out that
    it does not know the next one either. Delete this when it asks about all.
    """
    client = consumer._client
    await asyncio.gather(*(client.add_topic(topic) for topic in topics))


@asynccontextmanager
async def open_snapshot(
    bootstrap: Address,
    *,
    isolation: Isolation = "read_committed",
    on_progress: OnProgress = ignore_progress,
) -> AsyncIterator[Snapshot]:
    """A :class:`Snapshot` of the cluster at ``bootstrap``. Raises UnreachableError."""
    async with (
        open_admin(bootstrap) as admin,
        open_consumer(bootstrap, isolation) as reader,
        open_consumer(bootstrap, "read_uncommitted") as written,
    ):
        yield Snapshot(bootstrap, admin, reader, written, on_progress)


async def read_topic(
    bootstrap: Address, *topics: str, isolation: Isolation = "read_committed"
) -> AsyncGenerator[ConsumerRecord, None]:
    """Every record of whole topics, from the beginning to the ends at the start of reading.

    Raises UnreachableError and MissingTopicError.
    """
    async with open_snapshot(bootstrap, isolation=isolation) as snapshot:
        async for record in snapshot.read(await snapshot.ends(topics)):
            yield record


@asynccontextmanager
async def open_consumer(
    bootstrap: Address, isolation: Isolation
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer outside of any group, that reads every partition it is assigned."""
    consumer = AIOKafkaConsumer(
        **client_arguments(bootstrap),
        group_id=None,
        enable_auto_commit=False,
        # If retention overtakes the reader, it goes on with what is left.
        auto_offset_reset="earliest",
        isolation_level=isolation,
        max_poll_records=2_000,
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=POLL_MS,
    )
    try:
        await connect(consumer, bootstrap)
        yield consumer
    finally:
        await consumer.stop()
