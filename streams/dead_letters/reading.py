"""Reads a dead-letter topic: the newest letters, or one."""

import heapq
from collections import Counter
from collections.abc import AsyncIterator

from aiokafka import ConsumerRecord, TopicPartition

from streams.access.connection import Address
from streams.audit.snapshot import Offsets, Snapshot, open_snapshot
from streams.audit.topic_admin import TopicsError
from streams.dead_letters.letter import Letter, letter_of
from streams.dead_letters.wanted import Wanted


class NoSuchLetterError(TopicsError):
    """No record stands there."""


async def letters(
    snapshot: Snapshot, topic: str, wanted: Wanted
) -> AsyncIterator[tuple[ConsumerRecord, Letter]]:
    """All that are ``wanted``, in order within a partition. Raises MissingTopicError."""
    ends = {
        tp: end
        for tp, end in (await snapshot.ends([topic])).items()
        if wanted.partition in (None, tp.partition)
    }
    async for record in snapshot.read(ends):
        if wanted(letter := letter_of(record)):
            yield record, letter


async def newest(
    bootstrap: Address, topic: str, wanted: Wanted, limit: int
) -> tuple[Counter[str], list[Letter]]:
    """How many are ``wanted`` by error type, and the ``limit`` that were given up last, last first.

    Raises UnreachableError and MissingTopicError.
    """
    counts, best = Counter[str](), list[tuple[int, int, int, Letter]]()
    async with open_snapshot(bootstrap) as snapshot:
        async for _, letter in letters(snapshot, topic, wanted):
            counts[letter.error_type] += 1
            entry = (letter.given_up_at, letter.partition, letter.offset, letter)
            (heapq.heappush if len(best) < limit else heapq.heappushpop)(best, entry)
    return counts, [entry[-1] for entry in sorted(best, reverse=True)]


async def one(bootstrap: Address, topic: str, partition: int, offset: int) -> ConsumerRecord:
    """The record at these coordinates. Raises NoSuchLetterError, and as :func:`newest`."""
    at = TopicPartition(topic, partition)
    async with open_snapshot(bootstrap) as snapshot:
        ends: Offsets = await snapshot.ends([topic])
        if offset < ends.get(at, 0):
            async for record in snapshot.read({at: offset + 1}, {at: offset}):
                return record
        starts: Offsets = await snapshot.starts([topic])
    if at not in ends:
        raise NoSuchLetterError(f"topic {topic} has no partition {partition}")
    raise NoSuchLetterError(
        f"no dead letter stands at {partition}:{offset} of topic {topic}, "
        f"which has the offsets {starts[at]} to {ends[at] - 1} there, with gaps"
    )
