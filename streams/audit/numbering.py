"""Source numbers as Kafka has them: read by everybody, written in streams.delivery.numbering."""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.access.connection import Address, client_arguments
from streams.events.sources import Sources, decode
from streams.events.topics import Topics

FETCH_WAIT_MS = 20

Counts = Mapping[str, int]
"""Partitions by topic, of the whole cluster."""


def present(topics: Topics, counts: Counts) -> dict[str, int]:
    """The input topics that there are, and their partitions."""
    return {name: counts[name] for name in topics.inputs(counts) if name in counts}


async def written_sources(bootstrap: Address, topics: Topics, counts: Counts) -> Sources:
    """The numbers that are written down. Raises KafkaError."""
    if topics.sources not in counts:
        return Sources(topics.input)
    tp = TopicPartition(topics.sources, 0)
    found: list[tuple[bytes | None, bytes | None]] = []
    consumer = AIOKafkaConsumer(
        **client_arguments(bootstrap),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    await consumer.start()
    try:
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        end = (await consumer.end_offsets([tp]))[tp]
        while await consumer.position(tp) < end:
            for records in (await consumer.getmany(tp, timeout_ms=500)).values():
                found += [(record.key, record.value) for record in records]
    finally:
        await consumer.stop()
    return decode(topics.input, found)


async def read_sources(bootstrap: Address, topics: Topics, counts: Counts) -> Sources:
    """A number for every partition of the input topics. One that no worker has opened yet has the
    number that the next worker gives it, unless others come first. Raises KafkaError."""
    written = await written_sources(bootstrap, topics, counts)
    return written.extended(present(topics, counts))


def width(topics: Topics, counts: Counts, sources: Sources | None = None) -> int:
    """The partitions that our own topics need; 0 where there is no input topic. ``sources`` are the
    numbers, where anything is known of them. Pure."""
    known = sources or Sources(topics.input)
    return known.extended(present(topics, counts)).width(counts.get(topics.input, 0))
