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

from aiokafka import ConsumerRecord
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from streams.audit.books import RowKey
from streams.audit.checks import Evidence
from streams.audit.records import SourceKey, read_item
from streams.audit.report import Report
from streams.audit.snapshot import Snapshot, open_snapshot, place
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


async def collect(settings: Settings, topics: Topics) -> Evidence:
    """Everything that the checks need, from Kafka. Raises as :func:`verify`."""
    outputs = [*topics.categories.values(), topics.dead_letter]
    ours = [topics.calls, topics.done, *outputs, topics.spend, topics.errors]
    async with open_snapshot(settings.bootstrap_servers) as snapshot:
        committed = await _committed(snapshot, settings.app_id, topics.input)
        ends = await snapshot.written(ours)
        horizon = max(
            await gone_before(snapshot, outputs), await gone_before(snapshot, [topics.calls])
        )
        evidence = Evidence(
            topics.input,
            settings.window_seconds,
            committed,
            rows_since=_rows_since(settings, horizon),
            horizon=horizon,
            calls_complete=not await _beheaded(snapshot, [topics.calls]),
        )
        async for event in snapshot.read(await snapshot.ends([topics.input])):
            source = SourceKey(event.partition, event.offset)
            evidence.ledger.arrived(source, event.key, event.timestamp)
        async for record in snapshot.read(ends):
            feed(record, evidence, topics, moved=False)
        rest = await snapshot.written(ours)
        async for record in snapshot.read(rest, starts=ends):
            feed(record, evidence, topics, moved=True)
    return evidence


def feed(record: ConsumerRecord, evidence: Evidence, topics: Topics, *, moved: bool) -> None:
    """Gives a record of one of our topics to ``evidence``: to be judged, or as one that moved."""
    try:
        if record.topic not in (topics.spend, topics.errors):
            item = read_item(record, topics)
            (evidence.move if moved else evidence.take)(item)
        elif moved:
            evidence.moving_rows.add(RowKey.of(record.key))
        else:
            row = evidence.books.apply(record, topics)
            _check_partition(row, record)
    except ValueError as error:
        evidence.unreadable.add(f"{place(record)}: {error}")


def _check_partition(row: RowKey, record: ConsumerRecord) -> None:
    if row.parts()[0] != record.partition:
        raise ValueError(f"a row of partition {row.parts()[0]}")


def _passes(error: BaseException) -> bool:
    """Such as: no coordinator yet, as on a cluster that never had a consumer group."""
    return isinstance(error, KafkaError) and bool(error.retriable)


@retry(
    retry=retry_if_exception(_passes),
    stop=stop_after_delay(COORDINATOR_SECONDS),
    wait=wait_fixed(0.2),
    reraise=True,
)
async def _committed(snapshot: Snapshot, group: str, topic: str) -> dict[int, int]:
    partitions = await snapshot.partitions([topic])
    offsets = await snapshot.admin.list_consumer_group_offsets(group, partitions=partitions)
    return {tp.partition: meta.offset for tp, meta in offsets.items() if meta.offset >= 0}


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
    retention = settings.window_retention_hours * 3600 - 2 * settings.window_seconds
    return max(time.time() - retention, horizon / 1000)
