"""Transactions that Kafka has ended without telling the partitions, found by the next owner.

The coordinator of a transaction takes a partition without a leader for a deleted one, leaves out
its marker, and calls the transaction complete (KAFKA-20734, in 4.3.0: KRaftMetadataCache names no
node for it; a lone broker that stops, or is starved for longer than its session, is enough). Its
records are seen by no reader, nor is its offset; but the next marker of the same producer ends them
too. Were that a commit of what was never committed, the tickets that were done once more in between
would be out twice; were it an abort of what was, they would be lost.
"""

from collections.abc import Collection, Mapping

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.client import AIOKafkaClient

from streams.access.connection import Address
from streams.audit.snapshot import Isolation, learn, open_consumer, open_snapshot
from streams.delivery.open_transactions import Open, open_transactions
from streams.delivery.records import Record
from streams.events.headers import APP, DEAD_LETTER_SOURCE, ROUTED_SOURCE
from streams.events.sources import Place
from streams.events.topics import Topics
from streams.events.wire import decode_done

LEADER_SECONDS = 30.0
"""How long a partition is waited for that has no leader when its next owner opens it."""

TAIL = 1_000
"""Offsets at the end of a done topic, among which its last row is."""

Starts = Mapping[TopicPartition, int | None]
"""By partition the first offset that has no end; None where Kafka does not tell which it is."""


def written_by_one(topics: Topics, number: int) -> list[TopicPartition]:
    """What only the owner of partition ``number`` writes, and with each transaction some of it."""
    names = [topics.done, topics.intents, topics.calls, topics.spend, topics.errors]
    return [TopicPartition(n, number) for n in [*names, *([topics.skipped] * topics.skips)]]


def written_by_all(partitions: Mapping[str, int]) -> list[TopicPartition]:
    """What the owner of any partition may write: outputs, with their numbers of partitions."""
    return [TopicPartition(name, n) for name, count in partitions.items() for n in range(count)]


async def unended(bootstrap: Address, wanted: Collection[TopicPartition]) -> set[TopicPartition]:
    """Those of ``wanted`` whose last transactions have no end, whoever began them."""
    committed = await _ends(bootstrap, wanted, "read_committed")
    written = await _ends(bootstrap, wanted, "read_uncommitted")
    return {tp for tp in wanted if committed[tp] < written[tp]}


async def _ends(
    bootstrap: Address, wanted: Collection[TopicPartition], isolation: Isolation
) -> dict[TopicPartition, int]:
    async with open_consumer(bootstrap, isolation) as consumer:
        await learn(consumer, {tp.topic for tp in wanted})
        ends: dict[TopicPartition, int] = await consumer.end_offsets(list(wanted))
    return ends


async def left_without_end(
    bootstrap: Address,
    client: AIOKafkaClient,
    own: Mapping[int, Collection[TopicPartition]],
    outputs: Collection[TopicPartition],
    producers: Mapping[int, int],
) -> dict[int, Starts]:
    """What producers that were just fenced have left without an end, by source number.

    After the fence none of their transactions is open: what has no end then will never have one.
    ``own`` has what only they write, ``outputs`` what others write too, ``producers`` their ids.
    Raises KafkaError, and TimeoutError where a partition has no leader.
    """
    found = await unended(bootstrap, [*(tp for tps in own.values() for tp in tps), *outputs])
    if not found:
        return {}
    told = await open_transactions(client, found, LEADER_SECONDS)
    starts = {number: theirs(found, told, own[number], id) for number, id in producers.items()}
    return {number: where for number, where in starts.items() if where}


def theirs(
    found: Collection[TopicPartition],
    told: Open,
    own: Collection[TopicPartition],
    producer_id: int,
) -> Starts:
    """Where in ``found`` one producer, whose ``own`` partitions nobody else writes, has left
    something. Where Kafka does not tell, an output is taken for one of them if any of its own is.
    """
    where: dict[TopicPartition, int | None] = {}
    for tp in found:
        if tp in told:
            if (start := told[tp].get(producer_id)) is not None:
                where[tp] = start
        elif any(other in found for other in own):
            where[tp] = None
    return where


async def last_is_committed(bootstrap: Address, tp: TopicPartition) -> bool:
    """Whether the last record of ``tp`` that was written was committed, too, and not aborted."""
    ends = await _ends(bootstrap, [tp], "read_uncommitted")
    starts = {tp: max(0, ends[tp] - TAIL)}
    last = set()
    kinds: tuple[Isolation, Isolation] = "read_committed", "read_uncommitted"
    for isolation in kinds:
        async with open_snapshot(bootstrap, isolation=isolation) as snapshot:
            last.add(max([r.offset async for r in snapshot.read(ends, starts)], default=-1))
    return len(last) == 1


async def records_of(
    bootstrap: Address, topics: Topics, place: Place, starts: Mapping[TopicPartition, int]
) -> list[ConsumerRecord]:
    """Routed tickets and dead letters of ``place`` from ``starts`` on, committed or not."""
    async with open_snapshot(bootstrap, isolation="read_uncommitted") as snapshot:
        ends = await snapshot.written({tp.topic for tp in starts})
        some = {tp: ends[tp] for tp in starts}
        return [
            r async for r in snapshot.read(some, starts) if source_offset(r, topics, place) >= 0
        ]


async def released_since(bootstrap: Address, done: TopicPartition, start: int) -> dict[int, int]:
    """Offsets of the tickets that rows of ``done`` from ``start`` on, committed or not, tell to be
    out, with the rows' times (epoch milliseconds)."""
    async with open_snapshot(bootstrap, isolation="read_uncommitted") as snapshot:
        ends = await snapshot.written({done.topic})
        rows = [r async for r in snapshot.read({done: ends[done]}, {done: start}) if r.value]
    told = [(decode_done(row.value), row.timestamp) for row in rows]
    return {row.source_offset: at for row, at in told if row.released}


async def seen_since(bootstrap: Address, topics: Topics, place: Place, since: int) -> set[int]:
    """Offsets of the tickets of ``place`` whose results were committed from ``since`` (epoch
    milliseconds) on, by the broker's clock, and can be seen."""
    outputs = [*topics.outputs, topics.dead_letter]
    async with open_snapshot(bootstrap) as snapshot:
        ends = await snapshot.ends(outputs)
        starts = await snapshot.places(ends, since)
        return {source_offset(r, topics, place) async for r in snapshot.read(ends, starts)}


def source_offset(record: ConsumerRecord, topics: Topics, place: Place) -> int:
    """The ticket's offset in ``place``; -1 if it is of another place or another installation."""
    told = dict(record.headers)  # the last of a name is ours
    of = DEAD_LETTER_SOURCE if record.topic == topics.dead_letter else ROUTED_SOURCE
    app, topic = told.get(APP), told.get(of + "topic")
    partition, offset = told.get(of + "partition"), told.get(of + "offset")
    if offset is None or app != topics.app.encode():
        return -1
    here = (topic, partition) == (place.topic.encode(), str(place.partition).encode())
    return int(offset) if here else -1


def again(record: ConsumerRecord) -> Record:
    """The same once more."""
    where = record.topic, record.partition
    return Record(*where, record.key, record.value, None, list(record.headers))
