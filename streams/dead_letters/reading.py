"""Reads a dead-letter topic: the newest letters, or one."""

import heapq
from collections import Counter
from collections.abc import AsyncIterator
from typing import NamedTuple

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


class Newest(NamedTuple):
    """How many there are by error type, and those that were given up last, the last first."""

    counts: Counter[str]
    letters: list[Letter]
    others: int
    """Those of other installations, which are left out."""


async def newest(
    bootstrap: Address, topic: str, wanted: Wanted, limit: int, app: str | None = None
) -> Newest:
    """The last ``limit`` that are ``wanted``, of the installation ``app`` or of all.

    Raises UnreachableError and MissingTopicError.
    """
    counts, others, best = Counter[str](), 0, list[tuple[int, int, int, Letter]]()
    async with open_snapshot(bootstrap) as snapshot:
        async for _, letter in letters(snapshot, topic, wanted):
            if app is not None and not letter.is_of(app):
                others += 1
                continue
            counts[letter.error_type] += 1
            entry = (letter.given_up_at, letter.partition, letter.offset, letter)
            (heapq.heappush if len(best) < limit else heapq.heappushpop)(best, entry)
    return Newest(counts, [entry[-1] for entry in sorted(best, reverse=True)], others)


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
