"""Transactions that Kafka has ended without telling the partitions, found and made undone.

The coordinator of a transaction takes a partition without a leader for a deleted one, leaves out
its marker, and calls the transaction complete (Apache Kafka 4.3.0: KRaftMetadataCache names no node
for it; a lone broker that stops, or is starved for longer than its session, is enough). Its records
are seen by no reader, nor is its offset; but the next marker of the same producer ends them too.
Were that a commit, the tickets that were done once more in between would be out twice.
"""

from collections.abc import Collection, Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.access.connection import Address, client_arguments
from streams.events.topics import Topics


def written_by_one(topics: Topics, number: int) -> list[TopicPartition]:
    """What only the owner of partition ``number`` writes, and with each transaction some of it."""
    names = (topics.done, topics.intents, topics.calls, topics.spend, topics.errors)
    return [TopicPartition(name, number) for name in names]


def written_by_all(partitions: dict[str, int]) -> list[TopicPartition]:
    """What the owner of any partition may write: outputs, with their numbers of partitions."""
    return [TopicPartition(name, n) for name, count in partitions.items() for n in range(count)]


async def unended(bootstrap: Address, wanted: Collection[TopicPartition]) -> set[TopicPartition]:
    """Those of ``wanted`` whose last transactions have no end.

    After a fence none of the fenced producer's is open: what has no end then will never have one.
    """
    committed = await _ends(bootstrap, wanted, "read_committed")
    written = await _ends(bootstrap, wanted, "read_uncommitted")
    return {tp for tp in wanted if committed[tp] < written[tp]}


async def _ends(
    bootstrap: Address, wanted: Iterable[TopicPartition], isolation: str
) -> dict[TopicPartition, int]:
    consumer = AIOKafkaConsumer(
        **client_arguments(bootstrap), isolation_level=isolation, enable_auto_commit=False
    )
    try:
        await consumer.start()
        ends: dict[TopicPartition, int] = await consumer.end_offsets(list(wanted))
    finally:
        await consumer.stop()
    return ends
