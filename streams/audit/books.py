"""The tables of spend and errors, as every read-committed reader of their changelogs sees them.

Rows belong to a source partition; what people ask for is the sum over partitions, kept up to date
here with every record.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError

from streams.access.connection import Address
from streams.audit.snapshot import POLL_MS, Snapshot, next_records, open_consumer, open_snapshot
from streams.books.changelog import decode_count, decode_spend, decode_window
from streams.books.dimensions import read_key
from streams.books.rows import SpendRow
from streams.books.windows import Window
from streams.events.topics import Topics
from streams.observe.logs import fields_of

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0

MINUTE = 60


class RowKey(NamedTuple):
    """One row of a changelog: the row's key, its window's start (epoch seconds) and size."""

    row: str
    start: float
    size: int = MINUTE

    @classmethod
    def of(cls, key: bytes | None) -> "RowKey":
        """From the key of a changelog record. Raises ValueError."""
        if key is None:
            raise ValueError("a row needs a key")
        row, span = decode_window(key)
        return cls(row, *Window.of(span))

    @property
    def window(self) -> Window:
        """Where it stands."""
        return Window(self.start, self.size)

    @property
    def partition(self) -> int:
        """The source partition. Raises ValueError."""
        return int(self.row.partition("|")[0])

    def parts(self) -> tuple[int, str, str]:
        """Source partition, stage and error type of a row of errors; of spend see read_key."""
        partition, first, second = self.row.split("|", maxsplit=2)
        return int(partition), first, second


class SpendKey(NamedTuple):
    """Spend is told apart by these: a window, ``size`` seconds from ``start`` (epoch seconds), and
    the names in :class:`streams.books.dimensions.Dimensions`."""

    start: float
    model: str
    category: str
    tier: str = ""
    outcome: str = ""
    prompt_version: str = ""
    value: str = ""
    size: int = MINUTE


class ErrorKey(NamedTuple):
    """Errors are told apart by these: a window, ``size`` seconds from ``start`` (epoch seconds),
    stage and type."""

    start: float
    stage: str
    error_type: str
    size: int = MINUTE


class Books:
    """Committed rows of both tables: one by one, and summed over source partitions."""

    def __init__(self) -> None:
        self.spend_rows: dict[RowKey, SpendRow] = {}
        self.error_rows: dict[RowKey, int] = {}
        self.spend: dict[SpendKey, SpendRow] = {}
        self.errors: dict[ErrorKey, int] = {}

    def apply_spend(self, key: bytes | None, value: bytes | None) -> RowKey:
        """Takes a record of the spend changelog; null removes the row. Raises ValueError."""
        row_key, new = RowKey.of(key), decode_spend(value) if value is not None else SpendRow()
        _, dimensions = read_key(row_key.row)
        old = self.spend_rows.pop(row_key, SpendRow())
        if any(new):
            self.spend_rows[row_key] = new
        total = SpendKey(row_key.start, *dimensions, row_key.size)
        change = [after - before for after, before in zip(new, old, strict=True)]
        self.spend[total] = self.spend.get(total, SpendRow()).plus(change)
        if not any(self.spend[total]):
            del self.spend[total]
        return row_key

    def apply_error(self, key: bytes | None, value: bytes | None) -> RowKey:
        """Takes a record of the errors changelog; null removes the row. Raises ValueError."""
        row_key, new = RowKey.of(key), decode_count(value) if value is not None else 0
        _, stage, error_type = row_key.parts()
        old = self.error_rows.pop(row_key, 0)
        if new:
            self.error_rows[row_key] = new
        total = ErrorKey(row_key.start, stage, error_type, row_key.size)
        self.errors[total] = self.errors.get(total, 0) + new - old
        if not self.errors[total]:
            del self.errors[total]
        return row_key

    def apply(self, record: ConsumerRecord, topics: Topics) -> RowKey:
        """Takes a record of either changelog. Raises ValueError for one that no table wrote."""
        if record.topic == topics.spend:
            return self.apply_spend(record.key, record.value)
        return self.apply_error(record.key, record.value)


async def load_books(bootstrap: Address, topics: Topics) -> Books:
    """The tables as they are now. Raises UnreachableError and MissingTopicError."""
    async with open_snapshot(bootstrap) as snapshot:
        return await _load(snapshot, topics)


async def _load(snapshot: Snapshot, topics: Topics) -> Books:
    books = Books()
    async for record in snapshot.read(await snapshot.ends([topics.spend, topics.errors])):
        _take(books, record, topics)
    return books


class BooksFollower:
    """The tables, kept current for as long as it is open. Made by :func:`follow_books`.

    Any number of tasks may wait for changes. It outlives restarts of Kafka.
    """

    def __init__(
        self, reader: AIOKafkaConsumer, topics: Topics, books: Books | None = None
    ) -> None:
        self.books = Books() if books is None else books
        self.version = 0
        """Grows with every batch of changes."""
        self._reader = reader
        self._topics = topics
        self._changed = asyncio.Event()

    async def changed(self, version: int) -> int:
        """Waits until there is something newer than ``version``; returns the version now."""
        while self.version <= version:
            await self._changed.wait()
        return self.version

    async def run(self) -> None:
        """Follows until cancelled."""
        while True:
            try:
                records = await next_records(self._reader)
            except KafkaError as error:
                log.warning("the books cannot be read, trying again: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if not records:
                continue
            for record in records:
                _take(self.books, record, self._topics)
            self.version += 1
            self._changed.set()
            self._changed = asyncio.Event()


@asynccontextmanager
async def follow_books(
    bootstrap: Address, topics: Topics, books: Books | None = None
) -> AsyncIterator[BooksFollower]:
    """A follower that starts with the tables as they are now; it fills ``books`` if given.

    Raises UnreachableError and MissingTopicError, but only at the start.
    """
    async with open_snapshot(bootstrap) as snapshot:
        ends = await snapshot.ends([topics.spend, topics.errors])
    async with open_consumer(bootstrap, "read_committed") as reader:
        reader.assign(list(ends))
        follower = BooksFollower(reader, topics, books)
        task = asyncio.create_task(follower.run())
        try:
            while any([await reader.position(tp) < end for tp, end in ends.items()]):
                await asyncio.wait([task], timeout=POLL_MS / 1000)
                if task.done():
                    task.result()
            yield follower
        finally:
            task.cancel()
            await asyncio.wait([task])


def _take(books: Books, record: ConsumerRecord, topics: Topics) -> None:
    try:
        books.apply(record, topics)
    except ValueError:
        # Not ours, and no reason to show nothing at all: verify names such records.
        at = f"{record.topic}[{record.partition}]@{record.offset}"
        log.warning("%s is not a row", at, extra=fields_of(record))
