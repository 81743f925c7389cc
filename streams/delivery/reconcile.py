"""Unsettled calls, and their end: what they cost is found out, or will never be known.

To close a call is a transaction of the source partition like any other: its closing record
(streams.books.closing) and the changed row of the table. It needs the partitions, so no worker may
have them.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager

from streams.audit.account import Charged
from streams.audit.numbering import read_sources
from streams.audit.pricing import costs
from streams.audit.snapshot import open_snapshot, read_topic
from streams.audit.topic_admin import TopicsError, open_admin, partition_counts
from streams.audit.verify import gone_before
from streams.books.changelog import decode_count, decode_spend, encode_count, encode_spend
from streams.books.closing import (
    SettleError,
    closes,
    repriced,
    still_unsettled,
    unpriced,
    written_off,
)
from streams.books.closing import settle as books_settle
from streams.books.rows import SpendRow
from streams.claude.prices import prices_of
from streams.delivery.faust_door import create_app
from streams.delivery.intents import IntentLog, Intents
from streams.delivery.outbox import Books
from streams.delivery.partition import SourcePartition
from streams.delivery.restore import restore
from streams.delivery.source_topic import SourceTopic
from streams.delivery.transaction import PartitionProducer, transactional_id
from streams.events.model import CallRecord
from streams.events.sources import Place
from streams.events.topics import Topics
from streams.events.wire import ENCODERS, decode_call
from streams.settings import Settings


class WorkersRunError(TopicsError):
    """The argument is the group."""

    def __str__(self) -> str:
        return f"workers of group {self.args[0]} (TICKET_STREAMS_APP_ID) are running: stop them"


Choose = Callable[[list[CallRecord]], Iterable[CallRecord]]
"""The closing records, by all records of the calls topic."""


async def find_unsettled(settings: Settings, topics: Topics) -> list[CallRecord]:
    """What the books have as unsettled now. Raises as read_topic does."""
    return still_unsettled(await read_calls(settings, topics))


async def read_calls(settings: Settings, topics: Topics) -> list[CallRecord]:
    """All records of the calls topic. Raises as read_topic does."""
    records = read_topic(settings.kafka, topics.calls)
    return [decode_call(record.value, record.partition) async for record in records]


async def write_off(settings: Settings, topics: Topics, call_ids: Collection[str]) -> int:
    """Write these off, as far as they still are unsettled; how many there were.

    Raises as :func:`close`.
    """

    def choose(calls: list[CallRecord]) -> Iterable[CallRecord]:
        return [written_off(call) for call in still_unsettled(calls) if call.call_id in call_ids]

    return len(await close(settings, topics, choose))


async def reprice(settings: Settings, topics: Topics) -> list[CallRecord]:
    """Book what calls cost that were booked without a price, where there is one now. Returns the
    records that say so.

    Raises as :func:`close`.
    """
    prices = prices_of(settings)

    def choose(calls: list[CallRecord]) -> Iterable[CallRecord]:
        return [
            repriced(call, costs(call, prices)[0])
            for call in still_unsettled(calls)
            if unpriced(call) and prices.known(call.model)
        ]

    return await close(settings, topics, choose)


async def settle(
    settings: Settings, topics: Topics, account: Charged
) -> tuple[list[CallRecord], list[str]]:
    """Book what the API's account says that unsettled calls cost. Returns the records that say so,
    and in words what could not be settled.

    Calls that were begun and never booked are booked before. Raises SettleError where the account
    is of a time whose records are gone, and as :func:`close`.
    """
    await _no_worker_runs(settings)
    async with open_snapshot(settings.kafka) as snapshot:
        if account.since < (oldest := await gone_before(snapshot, [topics.calls])):
            raise SettleError(
                "the oldest calls are gone by retention: give an account with a `since`, "
                f"{oldest} or later (epoch milliseconds)"
            )
    await _book_open_calls(settings, topics)
    calls = [c for c in await read_calls(settings, topics) if account.covers(c.started_at)]
    made, problems = books_settle(calls, account.by_model, prices_of(settings).model)

    def choose(calls: list[CallRecord]) -> Iterable[CallRecord]:
        left = {call.call_id for call in still_unsettled(calls)}
        return [record for record in made if closes(record) in left]

    return await close(settings, topics, choose), problems


async def close(settings: Settings, topics: Topics, choose: Choose) -> list[CallRecord]:
    """Write the closing records that ``choose`` makes, each once; which were written.

    Raises WorkersRunError, and what aiokafka raises: then run it again, nothing is done twice.
    """
    await _no_worker_runs(settings)
    known = choose(await read_calls(settings, topics))
    written: list[CallRecord] = []

    async def write(partition: SourcePartition) -> None:
        # Read again: nobody but us can change it any more.
        for record in choose(await read_calls(settings, topics)):
            if record.number == partition.number:
                partition.add_call(record)
                written.append(record)

    await _in_each(settings, topics, {record.number for record in known}, write)
    return written


async def _book_open_calls(settings: Settings, topics: Topics) -> None:
    """Calls that a worker began and did not live to book are booked as unsettled, as the next
    worker would."""
    logs: dict[int, IntentLog] = {}
    async for record in read_topic(settings.kafka, topics.intents):
        logs.setdefault(record.partition, IntentLog()).take(record.key, record.value)

    async def nothing_more(_: SourcePartition) -> None:
        """What is open is booked when the partition is opened."""

    await _in_each(settings, topics, {n for n, log in logs.items() if log.open()}, nothing_more)


async def _in_each(
    settings: Settings,
    topics: Topics,
    numbers: Collection[int],
    do: Callable[[SourcePartition], Awaitable[None]],
) -> None:
    """``do`` something in these partitions, told by their numbers, and have it committed."""
    async with open_admin(settings.kafka) as admin:
        counts = await partition_counts(admin)
    sources = await read_sources(settings.kafka, topics, counts)
    for number in sorted(numbers):
        place = sources.place(number)
        source = SourceTopic(settings.kafka, place.topic)
        try:
            if place.topic in counts:  # what a topic that is gone has cost is closed all the same
                await source.open()
            failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            async with opened(settings, topics, source, (number, place), failed) as partition:
                await do(partition)
                flushed = asyncio.ensure_future(partition.flush())
                await asyncio.wait([flushed, failed], return_when=asyncio.FIRST_COMPLETED)
                flushed.cancel()
                if failed.done():
                    failed.result()
        finally:
            await source.close()


@asynccontextmanager
async def opened(
    settings: Settings,
    topics: Topics,
    source: SourceTopic,
    where: tuple[int, Place],
    failed: "asyncio.Future[None]",
) -> AsyncIterator[SourcePartition]:
    """The partition as a worker opens it, older owners shut out; without tickets. ``where`` are its
    number and its place."""
    number, place = where
    app = create_app(settings)
    spend = app.book("spend", SpendRow, encode_spend, decode_spend, settings).table
    errors = app.book("errors", int, encode_count, decode_count, settings).table
    own = transactional_id(settings.app_id, *place)
    producer = PartitionProducer(settings.kafka, own, settings.app_id, source)
    partition = SourcePartition(
        number,
        0,
        source=place,
        producer=producer,
        intents=Intents(settings.kafka, topics.intents),
        topics=topics,
        partitions={},
        books=Books(spend, errors),
        encoder=ENCODERS[settings.output_format],
        order_by_key=settings.order_by_key,
        uncommitted=Counter(),
        on_commit=lambda: None,
        on_failure=failed.set_exception,
        topic_id=source.id,
        calls_format=settings.calls_format,
    )
    try:
        await producer.fence()
        restored = await restore(settings.kafka, topics, [number], {number: source.id})
        await partition.open(0, restored[number])
        yield partition
    finally:
        await partition.close()


async def _no_worker_runs(settings: Settings) -> None:
    async with open_admin(settings.kafka) as admin:
        for answer in await admin.describe_consumer_groups([settings.app_id]):
            for _, _, state, *_ in answer.groups:
                if state not in ("Empty", "Dead"):
                    raise WorkersRunError(settings.app_id)
