"""Checks the promises from Kafka alone, also while workers run.

How a look at moving topics can be sound:

1. The group's committed offsets are read first, then how far our topics are written. All records
   of transactions that had ended by then lie below, so a ticket below the committed offset without
   its record is truly lost.
2. The topics are read to there, waiting for transactions that are still open.
3. Then how far they are written by now is read: whatever belongs to a transaction of which step 2
   saw a part lies below. Tickets and rows in this rest have moved, and are not judged.

Retention deletes: where a topic has lost its head, tickets and windows older than its retention
time are not judged either.
"""

import time
from collections.abc import Collection, Mapping
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from streams.audit.books import RowKey
from streams.audit.checks import Evidence
from streams.audit.group import describe
from streams.audit.owner import run_of
from streams.audit.records import (
    NO_FORMER,
    Former,
    NotOursError,
    SourceKey,
    read_item,
)
from streams.audit.report import Report
from streams.audit.snapshot import (
    Offsets,
    OnProgress,
    Snapshot,
    ignore_progress,
    open_snapshot,
    place,
)
from streams.books.windows import DAY
from streams.claude.prices import prices_of
from streams.events.sources import Place, Sources
from streams.events.topics import DAY_MS, Topics
from streams.settings import Settings

# A ticket may have waited between its event, its calls and its record.
SLACK_MS = DAY_MS
COORDINATOR_SECONDS = 30.0


async def verify(
    settings: Settings,
    topics: Topics,
    *,
    account: Mapping[str, Any] | None = None,
    strict: bool = False,
) -> Report:
    """Reads all topics and checks every promise.

    ``account`` is the API's own count, taken when no call is in flight. Raises UnreachableError,
    MissingTopicError, and KafkaTimeoutError when a topic cannot be read to its end.
    """
    evidence = await collect(settings, topics)
    return evidence.report(account, strict=strict)


async def collect(
    settings: Settings,
    topics: Topics,
    on_progress: OnProgress = ignore_progress,
    former_topics: Collection[str] = (),
    within: Mapping[Place, range] | None = None,
) -> Evidence:
    """Everything that the checks need, from Kafka. Raises as :func:`verify`.

    ``former_topics`` are category topics that the settings name no more. Those with the usual
    names, ``<input topic>.<category>``, are found without. ``within`` are the offsets, by
    source partition, that are looked at; all if not given.
    """
    outputs = [*topics.outputs, topics.dead_letter]
    async with open_snapshot(settings.kafka, on_progress=on_progress) as snapshot:
        inputs, sources = await snapshot.inputs(topics)
        committed = await committed_offsets(snapshot, settings.app_id, inputs, sources)
        there = await _former(snapshot, topics)
        # Where nothing was ever skipped there is no such topic.
        skips = [topics.skipped] if topics.skipped in await snapshot.topics() else []
        ours = [topics.calls, topics.done, topics.spend, topics.errors, *skips]
        ends = await snapshot.written([*ours, *outputs, *there, *former_topics])
        horizon = max(
            await gone_before(snapshot, outputs),
            await gone_before(snapshot, [topics.calls]),
            await gone_before(snapshot, skips),
        )
        evidence = Evidence(
            sources,
            settings.window_seconds,
            committed,
            rows_since=_rows_since(settings, horizon),
            horizon=horizon,
            calls_complete=not await _beheaded(snapshot, [topics.calls]),
            prices=prices_of(settings),
        )
        arrivals = await snapshot.ends(inputs)
        await snapshot.expect({**_of(ends, [*ours, *outputs]), **arrivals})
        async for record in snapshot.read(_of(ends, ours)):
            feed(record, evidence, topics, moved=False)
        answered = evidence.categories | {key.category for key in evidence.books.spend}
        former: dict[str, str | None] = dict.fromkeys(former_topics)
        former |= {topic: name for topic, name in there.items() if name in answered}
        evidence.forget_before(await gone_before(snapshot, former))
        async for event in snapshot.read(arrivals):
            here = Place(event.topic, event.partition)
            if within is not None and event.offset not in within.get(here, ()):
                continue
            number = sources.number(*here)
            if number is not None:  # else it has come since the look at the topics
                source = SourceKey(number, event.offset)
                evidence.ledger.arrived(source, event.key, event.timestamp)
        async for record in snapshot.read(_of(ends, [*outputs, *former])):
            feed(record, evidence, topics, moved=False, former=former)
        rest = await snapshot.written([*ours, *outputs])
        async for record in snapshot.read(rest, starts=ends):
            feed(record, evidence, topics, moved=True)
    return evidence


def feed(
    record: ConsumerRecord,
    evidence: Evidence,
    topics: Topics,
    *,
    moved: bool,
    former: Former = NO_FORMER,
) -> None:
    """Gives a record of one of our topics to ``evidence``: to be judged, or as one that moved."""
    shared = (topics.calls, topics.done, topics.skipped, topics.spend, topics.errors)
    if record.topic not in shared and run_of(record) != topics.run:
        return  # a replay may send to the workers' topics, and has books of its own
    try:
        if record.topic not in (topics.spend, topics.errors):
            item = read_item(record, topics, former, evidence.sources)
            (evidence.move if moved else evidence.take)(item)
        elif moved:
            evidence.moving_rows.add(RowKey.of(record.key))
        else:
            row = evidence.books.apply(record, topics)
            _check_partition(row, record)
    except NotOursError:
        evidence.others += 1
    except ValueError as error:
        # What cannot be read in a former topic may be somebody else's: only its name says ours.
        if record.topic not in former:
            evidence.unreadable.add(f"{place(record)}: {error}")


def _of(ends: Offsets, topics: Collection[str]) -> dict[TopicPartition, int]:
    return {tp: end for tp, end in ends.items() if tp.topic in topics}


async def _former(snapshot: Snapshot, topics: Topics) -> dict[str, str]:
    """Topics that a category removed from the settings, or with another topic now, may have had:
    their names begin as the input topic's. To each its category."""
    there = await snapshot.topics()
    used = {*topics.outputs, topics.dead_letter, topics.redriven, *topics.inputs(there)}
    prefix = f"{topics.input}."
    return {
        topic: topic.removeprefix(prefix).replace("-", "_")
        for topic in there
        if topic.startswith(prefix) and topic not in used
    }


def _check_partition(row: RowKey, record: ConsumerRecord) -> None:
    if row.partition != record.partition:
        raise ValueError(f"a row of partition {row.partition}")


def _passes(error: BaseException) -> bool:
    """Such as: no coordinator yet, as on a cluster that never had a consumer group."""
    return isinstance(error, KafkaError) and bool(error.retriable)


@retry(
    retry=retry_if_exception(_passes),
    stop=stop_after_delay(COORDINATOR_SECONDS),
    wait=wait_fixed(0.2),
    reraise=True,
)
async def committed_offsets(
    snapshot: Snapshot, group: str, inputs: Collection[str], sources: Sources
) -> dict[int, int]:
    """The group's place in the topics ``inputs``, by source number. Raises KafkaError and
    MissingTopicError."""
    partitions = await snapshot.partitions(inputs)
    await describe(snapshot.admin, group)
    offsets = await snapshot.admin.list_consumer_group_offsets(group, partitions=partitions)
    numbers = {tp: sources.number(tp.topic, tp.partition) for tp in offsets}
    return {
        number: offsets[tp].offset
        for tp, number in numbers.items()
        if number is not None and offsets[tp].offset >= 0
    }


async def gone_before(snapshot: Snapshot, topics: Collection[str]) -> int:
    """Epoch milliseconds before which records may be gone; 0 if the topics are whole."""
    if not await _beheaded(snapshot, topics):
        return 0
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
    kept = []
    for answer in await snapshot.admin.describe_configs(asked):
        for code, _, _, _, entries in answer.resources:
            if code:
                raise for_code(code)
            kept += [int(value) for name, value, *_ in entries if name == "retention.ms"]
    shortest = min((ms for ms in kept if ms >= 0), default=None)
    if shortest is None:
        return 0
    return int(time.time() * 1000) - shortest + min(SLACK_MS, shortest // 2)


async def _beheaded(snapshot: Snapshot, topics: Collection[str]) -> bool:
    return any((await snapshot.starts(topics)).values())


def _rows_since(settings: Settings, horizon: int) -> float:
    """The first window (epoch seconds) whose rows are still there, and whose records are too."""
    return max(time.time() - settings.retention.days + 2 * DAY, horizon / 1000)
