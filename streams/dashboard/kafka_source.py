"""The source that follows Kafka: the books and the calls all the time, the rest while a page
is open.

Every part goes on by itself when Kafka comes back; the state is that of the books.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.access.denial import find_denial
from streams.audit.books import BooksFollower, follow_books
from streams.audit.group import read_group
from streams.audit.snapshot import POLL_MS, Snapshot, next_records, open_consumer, open_snapshot
from streams.audit.topic_admin import TopicsError, UnreachableError, open_admin
from streams.dashboard.source import BooksSource
from streams.dashboard.watched import WatchedBooks
from streams.events.errors import UndecodableEvent
from streams.events.topics import Topics
from streams.events.wire import decode_call
from streams.settings import Settings

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
PROBE_SECONDS = 2.0
"""After this long without news Kafka is asked whether it is there, and has as long to answer."""
GROUP_SECONDS = 2.0
LATEST_SECONDS = 1.0
SLOW_SECONDS = 10.0
"""What is asked now and then has so long to be answered."""

TIDY_SECONDS = 60.0
END_SECONDS = 1.0

CALLS_SECONDS = 86_400
MOST_CALLS = 50_000
"""So many call records are read back at the start, and none that are older than a day."""
TAIL = 20
"""Offsets that are looked at before the end of a partition for the last tickets: about every second
one is a transaction's marker."""
SHARED_TAIL = 200
"""The same, once others' tickets were seen there: they may write more than we do."""

Part = Callable[[], Awaitable[None]]


class KafkaBooks(BooksSource):
    """The books as committed in Kafka. Shows what it knew last while Kafka is away."""

    def __init__(self, settings: Settings, topics: Topics) -> None:
        super().__init__(settings.window_seconds)
        self._settings = settings
        self._bootstrap = settings.kafka
        self._app_id = settings.app_id
        self._topics = topics
        self.latest.text = settings.dashboard_show_text
        self.latest.app = settings.app_id
        self._next_call: dict[TopicPartition, int] = {}

    async def run(self) -> None:
        """Follows until cancelled, whatever happens to Kafka."""
        parts = [self._follow_books(), self._tidy()]
        parts += map(_for_ever, (self._follow_calls, self._watch_group, self._look_at_latest))
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            await asyncio.gather(*tasks)
        finally:
            await _end(tasks)

    # --- the books ---

    async def _follow_books(self) -> None:
        while True:
            try:
                await self._probe()
                books = WatchedBooks(self.window_seconds)
                books.stamp = self.stamp
                async with follow_books(self._bootstrap, self._topics, books) as follower:
                    self.replace(books)
                    await self._relay(follower)
            except UnreachableError as error:
                self.tell("away", str(error))
            except (TopicsError, KafkaError) as error:
                denied = await find_denial(self._settings, "dashboard")
                self.tell("unreadable", denied or str(error))
            except Exception as error:
                # A page that stands still and says nothing would be worse.
                log.exception("the books cannot be followed, trying again")
                self.tell("unreadable", f"{type(error).__name__}: the log says more")
            await asyncio.sleep(RETRY_SECONDS)

    async def _relay(self, follower: BooksFollower) -> None:
        seen = follower.version
        self.current_at = time.time()
        self.tell("live")
        while True:
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    seen = await follower.changed(seen)
            except TimeoutError:
                # The follower outlives Kafka's absence without a word.
                await self._look()
                continue
            self.changed_at = self.current_at = time.time()
            self.state, self.detail = "live", None
            self.touch()

    async def _look(self) -> None:
        try:
            await self._probe()
        except UnreachableError as error:
            self.tell("away", str(error))
        else:
            self.current_at = time.time()
            self.tell("live")

    async def _probe(self) -> None:
        """Raises UnreachableError."""
        try:
            async with asyncio.timeout(PROBE_SECONDS), open_admin(self._bootstrap):
                pass
        except TimeoutError:
            raise UnreachableError(self._bootstrap) from None

    # --- the calls ---

    async def _follow_calls(self) -> None:
        async with open_snapshot(self._bootstrap) as snapshot:
            ends = await snapshot.ends([self._topics.calls])
        async with open_consumer(self._bootstrap, "read_committed") as reader:
            partitions = list(ends)
            reader.assign(partitions)
            since = int((self.now() - CALLS_SECONDS) * 1000)
            at = await reader.offsets_for_times(dict.fromkeys(partitions, since))
            for tp, end in ends.items():
                begin = max(at[tp].offset if at.get(tp) else end, end - MOST_CALLS // len(ends))
                reader.seek(tp, self._next_call.setdefault(tp, begin))
            while True:
                records = await next_records(reader)
                self._take_calls(records)
                if records:
                    self.touch()

    def _take_calls(self, records: Iterable[ConsumerRecord]) -> None:
        for record in records:
            self._next_call[TopicPartition(record.topic, record.partition)] = record.offset + 1
            try:
                call = decode_call(record.value)
            except (UndecodableEvent, TypeError, KeyError):
                continue  # not ours: verify names it
            self.calls.add(call, self.stamp)

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            self.tidy()

    # --- while somebody looks ---

    async def _watch_group(self) -> None:
        await self.until_read()
        async with open_snapshot(self._bootstrap) as snapshot:
            while True:
                await self.until_read()
                await self._read_group(snapshot)
                await asyncio.sleep(GROUP_SECONDS)

    async def _read_group(self, snapshot: Snapshot) -> None:
        async with asyncio.timeout(SLOW_SECONDS):
            found = await read_group(snapshot, self._app_id, self._topics)
        self.group_at = self.now()
        if found != self.group:
            self.group = found
            self.touch()

    async def _look_at_latest(self) -> None:
        await self.until_read()
        letters = self._topics.dead_letter
        async with open_snapshot(self._bootstrap) as snapshot:
            partitions = await snapshot.partitions([*self._topics.categories.values(), letters])
            async with open_consumer(self._bootstrap, "read_committed") as reader:
                reader.assign(partitions)
                reader.pause(*partitions)
                seen = dict.fromkeys(partitions, 0)
                while True:
                    await self.until_read()
                    shared = self.latest.shared
                    await self._read_tails(reader, seen)
                    if self.latest.shared and not shared:
                        seen = dict.fromkeys(partitions, 0)  # once more, with the longer tails
                    await asyncio.sleep(LATEST_SECONDS)

    async def _read_tails(self, reader: AIOKafkaConsumer, seen: dict[TopicPartition, int]) -> None:
        """The last records of the partitions that have more than ``seen``: a bounded look, however
        much is written."""
        async with asyncio.timeout(SLOW_SECONDS):
            ends = await reader.end_offsets(list(seen))
            moved = [tp for tp, end in ends.items() if end > seen[tp]]
            if not moved:
                return
            tail = SHARED_TAIL if self.latest.shared else TAIL
            for tp in moved:
                reader.seek(tp, max(seen[tp], ends[tp] - tail))
                seen[tp] = ends[tp]
            reader.resume(*moved)
            left = set(moved)
            while left:
                batches = await reader.getmany(*left, timeout_ms=POLL_MS)
                for tp, records in batches.items():
                    add = self.latest.add_tickets
                    if tp.topic == self._topics.dead_letter:
                        add = self.latest.add_letters
                    add([record for record in records if record.offset < ends[tp]])
                left -= {tp for tp in left if await reader.position(tp) >= ends[tp]}
            reader.pause(*moved)
        self.touch()


async def _for_ever(part: Part) -> None:
    """Begins again after every fault: the books' own follower says what is the matter."""
    while True:
        try:
            await part()
        except (TopicsError, KafkaError, TimeoutError, UndecodableEvent) as error:
            log.debug("%s: trying again: %s", part.__name__, error)
        except Exception:
            log.exception("%s failed, trying again", part.__name__)
        await asyncio.sleep(RETRY_SECONDS)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels until they have ended: Python 3.11's wait_for, which aiokafka uses, drops a
    cancellation that comes together with its result."""
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=END_SECONDS)
