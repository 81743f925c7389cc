"""Unsettled calls, and their end: a person writes off what will never be known.

To write off is a transaction of the source partition like any other: a record that takes the bound
back, in the window of its call, and the changed row of the table. It needs the partitions, so no
worker may have them.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

from streams.audit.snapshot import read_topic
from streams.audit.topic_admin import TopicsError, open_admin
from streams.books.changelog import decode_count, decode_spend, encode_count, encode_spend
from streams.books.rows import SpendRow
from streams.delivery.dispatcher import Uncommitted
from streams.delivery.faust_door import create_app
from streams.delivery.intents import Intents
from streams.delivery.partition import Books, SourcePartition
from streams.delivery.restore import restore
from streams.delivery.source_topic import SourceTopic
from streams.delivery.transaction import PartitionProducer, transactional_id
from streams.events.model import WRITTEN_OFF, CallRecord
from streams.events.topics import Topics
from streams.events.wire import ENCODERS, decode_call
from streams.settings import Settings

SUFFIX = ".written-off"


class WorkersRunError(TopicsError):
    """The argument is the group."""

    def __str__(self) -> str:
        return f"workers of group {self.args[0]} (TICKET_STREAMS_APP_ID) are running: stop them"


def written_off(call: CallRecord) -> CallRecord:
    """What takes back the bound of ``call``, exactly."""
    return replace(
        call,
        call_id=call.call_id + SUFFIX,
        outcome=WRITTEN_OFF,
        status=None,
        unsettled_picodollars=-call.unsettled_picodollars,
    )


def still_unsettled(calls: Iterable[CallRecord]) -> list[CallRecord]:
    """Those of ``calls`` with a bound that is not written off; the oldest first."""
    unsettled: dict[str, CallRecord] = {}
    ended: set[str] = set()
    for call in calls:
        if call.outcome == WRITTEN_OFF:
            ended.add(call.call_id.removesuffix(SUFFIX))
        elif call.unsettled_picodollars:
            unsettled[call.call_id] = call
    left = [call for call_id, call in unsettled.items() if call_id not in ended]
    return sorted(left, key=lambda call: call.started_at)


async def find_unsettled(settings: Settings, topics: Topics) -> list[CallRecord]:
    """What the books have as unsettled now. Raises as read_topic does."""
    records = read_topic(settings.bootstrap_servers, topics.calls)
    return still_unsettled([decode_call(record.value) async for record in records])


async def write_off(settings: Settings, topics: Topics, call_ids: Collection[str]) -> int:
    """Write these off, as far as they still are unsettled; how many there were.

    Raises WorkersRunError, and what aiokafka raises: then run it again, nothing is done twice.
    """
    await _no_worker_runs(settings)
    source = SourceTopic(settings.bootstrap_servers, topics.input)
    await source.open()
    try:
        known = await find_unsettled(settings, topics)
        numbers = {call.source_partition for call in known if call.call_id in call_ids}
        counts = [
            await _write_off_in(settings, topics, source, number, call_ids)
            for number in sorted(numbers)
        ]
    finally:
        await source.close()
    return sum(counts)


async def _write_off_in(
    settings: Settings, topics: Topics, source: SourceTopic, number: int, call_ids: Collection[str]
) -> int:
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with opened(settings, topics, source, number, failed) as partition:
        # Read again: nobody but us can change it any more.
        chosen = [
            call
            for call in await find_unsettled(settings, topics)
            if call.source_partition == number and call.call_id in call_ids
        ]
        for call in chosen:
            partition.add_call(written_off(call))
        flushed = asyncio.ensure_future(partition.flush())
        await asyncio.wait([flushed, failed], return_when=asyncio.FIRST_COMPLETED)
        flushed.cancel()
        if failed.done():
            failed.result()
        return len(chosen)


@asynccontextmanager
async def opened(
    settings: Settings,
    topics: Topics,
    source: SourceTopic,
    number: int,
    failed: "asyncio.Future[None]",
) -> AsyncIterator[SourcePartition]:
    """The partition as a worker opens it, older owners shut out; without tickets."""
    app = create_app(settings)
    spend = app.book("spend", SpendRow, encode_spend, decode_spend, settings).table
    errors = app.book("errors", int, encode_count, decode_count, settings).table
    own = transactional_id(settings.app_id, topics.input, number)
    producer = PartitionProducer(settings.bootstrap_servers, own, settings.app_id, source)
    partition = SourcePartition(
        number,
        0,
        producer=producer,
        intents=Intents(settings.bootstrap_servers, topics.intents),
        topics=topics,
        partitions={},
        books=Books(spend, errors),
        encoder=ENCODERS[settings.output_format],
        order_by_key=settings.order_by_key,
        uncommitted=Uncommitted(),
        on_commit=lambda: None,
        on_failure=failed.set_exception,
        topic_id=source.id,
    )
    try:
        await producer.fence()
        restored = await restore(settings.bootstrap_servers, topics, [number], source.id)
        partition.open(0, restored[number])
        yield partition
    finally:
        await partition.close()


async def _no_worker_runs(settings: Settings) -> None:
    async with open_admin(settings.bootstrap_servers) as admin:
        for answer in await admin.describe_consumer_groups([settings.app_id]):
            for _, _, state, *_ in answer.groups:
                if state not in ("Empty", "Dead"):
                    raise WorkersRunError(settings.app_id)
