"""A source partition that this worker owns, in one generation of the group.

Everything that a step of it produces goes into one transaction: routed events, dead letters, done
rows, call records, table rows, and the source offset. Nothing counts as finished before the commit.
"""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from aiokafka import TopicPartition

from streams.books.dimensions import FieldValues, read_key
from streams.classify.duplicates import MOST, Duplicates
from streams.classify.triage import Lane
from streams.delivery.ack_window import AckWindow
from streams.delivery.intents import InFlight, Intents
from streams.delivery.key_order import KeyOrder
from streams.delivery.outbox import Books, Outbox
from streams.delivery.packing import Packing
from streams.delivery.progress import NOTHING, Commit, stamped
from streams.delivery.records import Dress, undressed
from streams.delivery.restore import Restored
from streams.delivery.size import Headers
from streams.delivery.transaction import PartitionProducer
from streams.delivery.versions import Versions
from streams.delivery.work import Result, Work
from streams.events.model import CallRecord, Classification, Done
from streams.events.sources import Place
from streams.events.topics import Topics
from streams.events.wire import Format, RoutedEncoder

log = logging.getLogger(__name__)

COMMIT_EVERY = 0.025
"""Least seconds between the starts of two transactions. Group commit: while one is under way the
next one fills up, so that load makes transactions larger, not more."""

COMMIT_EVERY_LOADED = 0.1
"""The same while tickets wait for a call slot: then throughput counts. A transaction takes about
2 ms of our CPU, however little is in it."""


CALLED = ("first", "escalation")
"""Tiers whose answers were paid for."""


class SourcePartition:
    """One partition of an input topic: ``source``, or the first input topic's partition ``number``.

    People know it as ``name``. ``uncommitted`` counts calls that were paid and are not committed
    yet, by partition. ``on_commit`` is called after each commit.
    """

    def __init__(
        self,
        number: int,
        generation: int,
        *,
        source: Place | None = None,
        name: str = "",
        producer: PartitionProducer,
        intents: Intents,
        topics: Topics,
        partitions: dict[str, int],
        books: Books,
        encoder: RoutedEncoder,
        order_by_key: bool,
        uncommitted: "Counter[SourcePartition]",
        on_commit: Callable[[], None],
        on_failure: Callable[[BaseException], None],
        topic_id: str = "",
        duplicate_seconds: int = 0,
        most_duplicates: int = MOST,
        values: FieldValues | None = None,
        latest_only: bool = False,
        dress: Dress = undressed,
        headers: Headers = (),
        calls_format: Format = "avro",
    ) -> None:
        self.number = number
        self.generation = generation
        self.source = source or Place(topics.input, number)
        self.name = name or str(number)
        self.waiting: dict[Lane, deque[Work]] = {}
        self.calls: set[asyncio.Future[Any]] = set()
        self.closed = False
        self.pending_bytes = 0
        """Of events that are read and not yet finished."""
        self.duplicates = Duplicates(duplicate_seconds, most_duplicates)
        self.values = values or FieldValues()
        self.versions = Versions(enabled=latest_only)
        self.last_commit = time.monotonic()
        self._producer = producer
        self._intents = intents
        self._in_flight = InFlight()
        self._topics = topics
        self._topic_id = topic_id
        self._books = books
        self._packing = Packing(
            self.source, number, topics, partitions, books, encoder, dress, headers, calls_format
        )
        self._uncommitted = uncommitted
        self._on_commit = on_commit
        self._on_failure = on_failure
        self._window = AckWindow()
        self._order = KeyOrder(enabled=order_by_key)
        self._in_hand: dict[int, Work] = {}
        self._outbox = Outbox()
        self._ready = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._woken = 0.0
        self._committer: asyncio.Task[None] | None = None
        self._unseen: dict[TopicPartition, int] = {}
        self._again: set[TopicPartition] = set()
        self._done: dict[int, Done] = {}
        self._next_offset = self._coming = 0
        # (end in the done topic, highest source offset) of each transaction since the last trim
        self._done_batches: deque[tuple[int, int]] = deque()
        self.committed = 0

    # Opening

    async def open(self, committed: int, restored: Restored) -> None:
        """Begin to work: ``committed`` and ``restored`` were read after the fence. Cut short, it is
        to be closed."""
        await self._books.spend.restore(self.number, restored.changelogs[self._topics.spend])
        await self._books.errors.restore(self.number, restored.changelogs[self._topics.errors])
        self.committed = self._next_offset = committed
        self._done = {offset: row for offset, row in restored.done.items() if offset >= committed}
        self._done_batches.append((restored.done_end, max(self._done, default=-1)))
        rows = self._books.spend.keys_of(self.number)
        self.values.restore((read_key(key)[1].value, start) for key, (start, _) in rows)
        for call in restored.intents.open():
            self.values.restore((share.books_value, call.ended_at / 1000) for share in call.shares)
            self.add_call(call)  # nobody will hear of it again
        self._committer = asyncio.create_task(self._commit_loop(), name=f"commit-{self.number}")

    # Taking events in hand

    def already_known(self, work: Work) -> bool:
        """Whether ``work`` needs nothing more: below the committed offset, seen before, or done.

        An event that is not known is in hand from here on, with its result if that is paid for.
        """
        offset = work.source.offset
        if offset < self._next_offset:
            return True  # a seek went back: it is in hand, or was never ours to do again
        self._next_offset = offset + 1
        self._window.add(offset)
        done = self._done.pop(offset, None)
        if done is not None and done.released:
            self._outbox.skipped.append(offset)
            self._wake()
            return True
        self._in_hand[offset] = work
        work.spans = self._books.traces.begin(work)
        self.pending_bytes += work.size
        self._order.add(work.key, offset)
        if done is not None and done.result is not None:
            # A category that is gone from the settings has no topic any more.
            if done.ask_again or done.result.category not in self._topics.categories:
                work.so_far = done.result
            else:
                work.paid = done.result
        return False

    @property
    def pending(self) -> int:
        """Events that are read and not yet finished."""
        return len(self._window)

    def coming(self, end: int) -> None:
        """Events up to this offset are on their way here."""
        self._coming = end

    @property
    def pending_or_coming(self) -> int:
        """Events in hand, and those on their way: at most, for there may be gaps in the offsets."""
        return len(self._window) + max(0, self._coming - self._next_offset)

    def unsent_since(self, now: float) -> float:
        """Seconds since the last commit while results wait for one; 0 where none waits."""
        return 0.0 if self._empty.is_set() else now - max(self.last_commit, self._woken)

    # Calls and results

    async def begin_call(self, call: CallRecord) -> None:
        """Return when ``call``, as it is booked if nobody hears of it again, outlives this worker:
        then it may be made."""
        self._in_flight.begin(call.call_id)
        await self._intents.write(call)

    def add_call(self, call: CallRecord) -> None:
        """A call, answered or not; it is committed with the next transaction, and with it what is
        done about its tickets before anything is awaited."""
        self._outbox.calls.append(call)
        self._uncommitted[self] += 1
        offsets = (share.source_offset for share in call.shares)
        self._books.traces.call(call, [w for o in offsets if (w := self._in_hand.get(o))])
        self._wake()

    def ask_again(self, work: Work) -> None:
        """``work`` waits again: what its calls have cost, ``so_far``, must outlive this worker."""
        self._outbox.ask_again[work.source.offset] = work
        self._wake()

    def finish(self, work: Work, result: Result) -> None:
        """The result of ``work``. The event leaves when the earlier ones of its key have left."""
        work.result = result
        self.versions.forget(work)
        free = self._order.done(work.key, work.source.offset)
        must_wait = work.source.offset not in free
        if must_wait and isinstance(result, Classification) and work.paid is None:
            self._outbox.ask_again.pop(work.source.offset, None)
            self._outbox.held[work.source.offset] = work
        for offset in free:
            self._outbox.ask_again.pop(offset, None)
            self._outbox.held.pop(offset, None)
            self._outbox.released.append(self._in_hand.pop(offset))
        self._wake()

    def _wake(self) -> None:
        if self._empty.is_set():
            self._woken = time.monotonic()
            self._empty.clear()
        self._ready.set()

    # Group commit

    async def _commit_loop(self) -> None:
        loop = asyncio.get_running_loop()
        started = 0.0
        while True:
            await self._ready.wait()
            pause = COMMIT_EVERY_LOADED if self.waiting else COMMIT_EVERY
            await asyncio.sleep(max(0.0, started + pause - loop.time()))
            started = loop.time()
            self._ready.clear()
            outbox, self._outbox = self._outbox, Outbox()
            try:
                await self._commit(outbox)
            except Exception as error:
                self._on_failure(error)
                return
            if not self._outbox:
                self._empty.set()

    async def _commit(self, outbox: Outbox) -> None:
        source = TopicPartition(*self.source)
        if self._again:
            again, self._again = self._again, set()
            await self._producer.complete(again, source, self.committed)
        spend, errors = self._packing.rows(outbox, time.time())
        finishing = {work.source.offset for work in outbox.released}
        finishing.update(outbox.skipped)
        offset = self._window.committable(finishing)
        commit = Commit(self._topic_id, NOTHING if offset is None else offset)
        records = stamped(self._packing.records(outbox), self._topics.done, self.number, commit)
        began = time.monotonic()
        ends = await self._producer.commit(
            [*records, *self._packing.changelog(spend, errors)],
            source,
            offset,
        )
        # Committed: from here on, and not before, the tickets are finished and the rows readable.
        self._unseen.update(ends)
        self._remember(outbox.released)
        self._books.spend.apply(self.number, spend)
        self._books.errors.apply(self.number, errors)
        self._window.finish(finishing)
        self.pending_bytes -= sum(work.size for work in outbox.released)
        if offset is not None:
            self.committed = offset
        if done_end := ends.get(TopicPartition(self._topics.done, self.number)):
            rows_of = [*finishing, *outbox.held, *outbox.ask_again]
            self._done_batches.append((done_end, max(rows_of)))
        booked_end = ends.get(TopicPartition(self._topics.intents, self.number))
        self._in_flight.commit((call.call_id for call in outbox.calls), booked_end)
        self.last_commit = time.monotonic()
        self._uncommitted[self] -= len(outbox.calls)
        self._books.committed(outbox, self.last_commit - began)
        self._books.traces.committed(outbox.released)
        self._on_commit()

    def _remember(self, released: Iterable[Work]) -> None:
        """For identical tickets to come."""
        now = time.time()
        for work in released:
            if isinstance(work.result, Classification) and work.result.tier in CALLED:
                self.duplicates.remember(work.fingerprint, work.result, now)

    # What Kafka leaves without an end: streams.delivery.endings

    @property
    def producer_id(self) -> int:
        """Kafka's number for the producer."""
        return self._producer.producer_id

    @property
    def unseen(self) -> Mapping[TopicPartition, int]:
        """The offset after the last committed record, by partition, as far as none is known to have
        seen it."""
        return self._unseen

    def seen(self, ends: Mapping[TopicPartition, int]) -> None:
        """Readers of committed records see so far."""
        unseen = self._unseen.items()
        self._unseen = {tp: end for tp, end in unseen if ends.get(tp, -1) < end}

    def end_again(self, where: Collection[TopicPartition]) -> None:
        """Commit soon, with markers in these partitions too."""
        self._again.update(where)
        self._wake()

    # Housekeeping and the end

    def move_rows_on(self) -> None:
        """Have rows whose time is over moved into their hour or day, or deleted, if any is due."""
        if self._committer is None:
            return  # not open yet
        now = time.time()
        if any(t.has_due(self.number, now) for t in (self._books.spend, self._books.errors)):
            self._wake()

    def trimmable(self) -> int | None:
        """Rows of the done topic below this offset are not needed any more; None if none.

        The newest stay: they tell how far we are, should the group's committed offset be gone.
        """
        end = None
        while len(self._done_batches) > 1 and self._done_batches[0][1] < self.committed:
            end = self._done_batches.popleft()[0]
        return end

    def trimmable_intents(self) -> int | None:
        """Records of the intents topic below this offset are not needed any more; None if none."""
        return self._in_flight.trimmable()

    async def flush(self) -> None:
        """Return when all results are committed."""
        await self._empty.wait()

    async def cancel_calls(self) -> None:
        """End the calls in flight; each is recorded as one that may be charged."""
        self.closed = True
        for task in list(self.calls):
            task.cancel()
        await asyncio.gather(*self.calls, return_exceptions=True)

    async def close(self) -> None:
        """Give the partition up: what is not committed by now is the next owner's."""
        await self.cancel_calls()
        if self._committer is not None:
            self._committer.cancel()
            await asyncio.gather(self._committer, return_exceptions=True)
        self._books.traces.abandoned(self._in_hand.values())
        self._books.spend.drop(self.number)
        self._books.errors.drop(self.number)
        try:
            async with asyncio.timeout(5):
                await self._producer.stop()
        except Exception as error:
            log.debug("closing the producer of partition %d: %r", self.number, error)
