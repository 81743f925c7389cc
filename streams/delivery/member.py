"""This worker as a member of the consumer group: what it owns, from assignment to revocation."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from functools import partial

from aiokafka import TopicPartition
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.structs import OffsetAndMetadata

from streams.audit.group import describe
from streams.audit.topic_admin import TopicsError, open_admin, widen
from streams.books.dimensions import FieldValues
from streams.classify.duplicates import most_of_each
from streams.claude.gates import Gates
from streams.claude.pace import Pace
from streams.delivery.admission import Admission
from streams.delivery.back_pressure import held_back
from streams.delivery.client_options import client_options
from streams.delivery.dispatcher import Dispatcher
from streams.delivery.dress import dress_of
from streams.delivery.endings import Endings
from streams.delivery.intake import Intake
from streams.delivery.intents import Intents
from streams.delivery.mending import Mending
from streams.delivery.numbering import number_sources
from streams.delivery.outbox import Books
from streams.delivery.partition import SourcePartition
from streams.delivery.processing import Processing
from streams.delivery.progress import Commit, mark
from streams.delivery.restore import many_objects, restore
from streams.delivery.source_topic import RecreatedError, SourceTopic
from streams.delivery.throttling import Throttled, nobody
from streams.delivery.transaction import PartitionProducer, transactional_id
from streams.delivery.work import Work
from streams.events.model import Source
from streams.events.sources import Place, Sources
from streams.events.topics import Topics
from streams.events.wire import RoutedEncoder
from streams.observe.logs import fields_of
from streams.settings import Settings, variable

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""Seconds between looks whether the input topics are still the same ones, commits or not."""

NUMBER_SECONDS = 30.0
NUMBER_PAUSE = 0.2
"""Seconds. The group may know of a new partition before the broker that we ask does."""

MOST_BYTES_IN_HAND = 64 * 2**20
"""Of events read and not finished: `max_pending` tickets of 2 MiB would take all memory."""

HOUSEKEEPING_SECONDS = 10.0

STOP_FLUSH = 5.0
"""Seconds for the last transactions on a stop, after the grace for calls is over."""

CLOSE_SECONDS = 5.0
"""Seconds for Kafka's clients to close, when nothing is in hand any more."""

REBALANCE_FLUSH = 20.0
"""The same before a rebalance. The group waits for us 30 s after the grace (create_app), and a
broker of several that stands still costs a transaction 10 s or more (REQUEST_TIMEOUT_MS)."""


class Member:
    """Opens partitions, takes their events in hand, and gives the partitions up in time.

    ``intake`` reads an event, ``process`` makes a call about tickets when ``pace`` and
    ``admission`` allow it;
    ``fail`` ends the process with a reason.
    """

    def __init__(
        self,
        settings: Settings,
        topics: Topics,
        *,
        books: Books,
        encoder: RoutedEncoder,
        gates: Gates,
        intake: Intake,
        process: Processing,
        pace: Pace,
        admission: Admission,
        fail: Callable[[str], None],
        throttled: Throttled = nobody,
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._books = books
        self._encoder = encoder
        self._dress = dress_of(settings)
        self._gates = gates
        self._intake = intake
        self._fail = fail
        self._throttled = throttled
        self._named = admission.named
        self._uncommitted: Counter[SourcePartition] = Counter()
        self._dispatcher: Dispatcher[SourcePartition] = Dispatcher(
            settings.max_calls,
            process,
            self._uncommitted,
            pace,
            most_tokens=settings.batch_tokens,
            admit=admission.admit,
            dismiss=admission.dismiss,
            fail=fail,
        )
        self._opening: asyncio.Task[None] | None = None
        self._source_topics: dict[str, SourceTopic] = {}
        self._lasting: dict[Place, int] = {}
        self._intents: Intents | None = None
        self._endings: Endings | None = None
        self._watching: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self._free_events = self._free_bytes = 0
        self._partition_counts: dict[str, int] = {}
        self.partitions: dict[int, SourcePartition] = {}
        """Those that are ours, by their numbers (streams.events.sources)."""
        self.ready = False

    @property
    def pending(self) -> int:
        """Events read and not yet finished."""
        return sum(partition.pending for partition in self.partitions.values())

    # Events

    def source_of(self, topic: str, partition: int, offset: int) -> Source:
        """The coordinates of an event of a partition of ours."""
        lasting = self._lasting.get(Place(topic, partition)) if self._lasting else None
        return Source(topic, partition, offset, lasting)

    async def receive(self, work: Work, generation: int) -> None:
        """Take an event in hand; returns when there is room for the next one (back-pressure)."""
        partition = self.partitions.get(work.source.number)
        if not self.ready or partition is None or partition.generation != generation:
            return  # it is given up: whoever owns the partition next gets the event again
        if not partition.already_known(work):
            self._intake.take(partition, work, self._dispatcher.submit)
        self._free_events -= 1
        self._free_bytes -= work.size
        while self._full():
            self._room.clear()
            await self._room.wait()

    def _full(self) -> bool:
        """Whether what was free at the last look is taken, and nothing is free now: a close look
        at every partition for every event would take more than the event."""
        if self._free_events > 0 and self._free_bytes > 0:
            return False
        in_hand = sum(partition.pending_bytes for partition in self.partitions.values())
        self._free_events = self._settings.max_pending - self.pending
        self._free_bytes = MOST_BYTES_IN_HAND - in_hand
        return self._free_events <= 0 or self._free_bytes <= 0

    def coming(self, place: tuple[str, int], end: int) -> None:
        """Events of ``place`` up to this offset are on their way to :meth:`receive`."""
        topic, number = place
        partition = self.partitions.get(self.source_of(topic, number, end).number)
        if partition is not None:
            partition.coming(end)

    def held_back(self) -> frozenset[Place]:
        """The partitions that are not to be read for now: what they have in hand is the others'
        room."""
        owned = self.partitions.items()
        events = {number: partition.pending_or_coming for number, partition in owned}
        size = {number: partition.pending_bytes for number, partition in owned}
        full = held_back(events, self._settings.max_pending)
        full |= held_back(size, MOST_BYTES_IN_HAND)
        return frozenset(self.partitions[number].source for number in full)

    def standing(self) -> dict[Place, int]:
        """What is committed of each open partition."""
        return {partition.source: partition.committed for partition in self.partitions.values()}

    def _committed(self) -> None:
        self._room.set()
        self._dispatcher.fill()

    # Assignment and revocation

    async def assigned(self, places: Collection[Place], generation: int) -> None:
        """Fence, restore, then work. Returns when events may come, or when it was cut short."""
        await self.give_up(grace=0)
        with many_objects(again=self._opening is not None):
            self._opening = asyncio.create_task(self._open(places, generation))
            await asyncio.wait([self._opening])
        if not self._opening.cancelled() and (error := self._opening.exception()) is not None:
            names = ", ".join(map(str, sorted(places)))
            self._fail(f"partitions {names} cannot be opened: {error!r}")

    async def revoked(self) -> None:
        """As :meth:`give_up`, but the partitions are ours for a while: commits may take longer."""
        await self.give_up(flush=REBALANCE_FLUSH)

    async def give_up(self, grace: float | None = None, flush: float = STOP_FLUSH) -> None:
        """Finish what can be finished within the grace, commit it, and let the partitions go.

        ``grace`` is ``stop_grace`` if not given; ``flush`` are the seconds for the last commits.
        """
        self.ready = False
        if self._opening is not None and not self._opening.done():
            # A fence that comes late would shut out the partition's next owner.
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._watching is not None:
            self._watching.cancel()
        try:
            await self._let_go(self._settings.stop_grace if grace is None else grace, flush)
        finally:
            opened, self._source_topics = self._source_topics, {}
            intents, self._intents = self._intents, None
            closing: list[Awaitable[None]] = [source.close() for source in opened.values()]
            if intents is not None:
                closing.append(intents.close())
            endings, self._endings = self._endings, None
            if endings is not None:
                closing.append(endings.close())
            await _closed(closing)

    async def _let_go(self, grace: float, flush: float) -> None:
        if not self.partitions:
            return
        self._gates.shut()
        self._dispatcher.clear()
        owned = self.partitions.values()
        await _within(grace, self._gates.until_idle())
        await asyncio.gather(*(partition.cancel_calls() for partition in owned))
        await _within(flush, asyncio.gather(*(partition.flush() for partition in owned)))
        closing, self.partitions = list(owned), {}
        self._room.set()
        await asyncio.gather(*(partition.close() for partition in closing))
        if self._uncommitted.total():
            log.warning(
                "%d calls could not be committed in time: whoever owns their partitions next makes "
                "them again",
                self._uncommitted.total(),
            )
        self._uncommitted.clear()  # what is not committed now never will be

    async def _open(self, places: Collection[Place], generation: int) -> None:
        if not places:  # more workers than partitions: this one is spare, and ready to take over
            self.ready = True
            return
        began = time.monotonic()
        metadata = client_options(self._settings.kafka_client).metadata
        for topic in sorted({place.topic for place in places}):
            source = SourceTopic(self._settings.kafka, topic, metadata)
            self._source_topics[topic] = source
            await source.open()
        sources, owned = await self._numbered(places)
        await widen(self._settings, self._topics)
        for source in self._source_topics.values():
            await source.learn(spec.name for spec in self._topics.specs())
        self._intents = intents = self._intent_log()
        await intents.open()
        producers = {number: self._producer(place) for number, place in owned.items()}
        ids = {number: self._source_topics[place.topic].id for number, place in owned.items()}
        begin = {}
        try:
            await asyncio.gather(*(producer.fence() for producer in producers.values()))
            for producer in list(producers.values())[:1]:
                for topic in (*self._topics.outputs, self._topics.dead_letter):
                    self._partition_counts[topic] = await producer.partitions_of(topic)
            mending = Mending(self._settings.kafka, self._topics, sources, owned, producers)
            client = next(iter(self._source_topics.values())).client
            await mending.end_own(client, self._partition_counts)
            fenced = time.monotonic()
            # Both are read after the fence, when nothing can change them any more but us.
            group = await self._committed_offsets(sources)
            restored = await restore(self._settings.kafka, self._topics, owned, ids)
            for number, producer in producers.items():
                begin[number], new = restored[number].progress.begin(group.get(number))
                if new:
                    await self._begin_anew(
                        number, owned[number], producer, Commit(ids[number], begin[number])
                    )
            await mending.end_outputs(begin, restored)
        except BaseException:
            await asyncio.gather(
                *(producer.stop() for producer in producers.values()), return_exceptions=True
            )
            raise
        for number, producer in producers.items():
            source = self._source_topics[owned[number].topic]
            name, many = sources.name(number), len(owned)
            self.partitions[number] = self._partition(
                number, owned[number], name, many, generation, producer, source, intents
            )
        self._endings = endings = Endings(self._settings.kafka, client)
        for number, partition in self.partitions.items():  # whoever cuts this short closes them
            producers[number].look_with(partial(endings.until_seen, partition))
            await partition.open(begin[number], restored[number])
            restored[number].changelogs.clear()  # the tables have them
        self._watching = asyncio.create_task(self._watch(endings))
        self._gates.reopen()
        self.ready = True
        log.info(
            "partitions [%s] opened: fence %.2f s, restore %.2f s, %d finished tickets remembered",
            ", ".join(map(sources.name, owned)),
            fenced - began,
            time.monotonic() - fenced,
            sum(len(state.done) for state in restored.values()),
        )

    async def _numbered(self, places: Collection[Place]) -> tuple[Sources, Mapping[int, Place]]:
        """The numbers, and the places that are ours by number. Raises TopicsError."""
        async with asyncio.timeout(NUMBER_SECONDS):
            while True:
                sources = await number_sources(self._settings, self._topics)
                numbers = {place: sources.number(*place) for place in sorted(places)}
                known = {number: place for place, number in numbers.items() if number is not None}
                if len(known) == len(places):
                    break
                await asyncio.sleep(NUMBER_PAUSE)
        found = dict(sorted(known.items()))
        self._lasting = {p: n for n, p in found.items()} if sources.several else {}
        return sources, found

    async def _begin_anew(
        self, number: int, place: Place, producer: PartitionProducer, commit: Commit
    ) -> None:
        """Commit where we begin, before the consumer seeks there and anything is read."""
        at = fields_of(Source(*place, commit.offset))
        log.warning(
            "partition %d begins at offset %d: reset, or a new topic",
            place.partition,
            commit.offset,
            extra=at,
        )
        row = mark(self._topics.done, number, commit)
        await producer.commit([row], TopicPartition(*place), commit.offset)

    async def _watch(self, endings: Endings) -> None:
        """Without tickets there are no commits, which else find out."""
        try:
            while endings is self._endings:  # asyncio may lose a cancellation: see _closed
                await asyncio.sleep(LOOK_EVERY)
                await asyncio.gather(*(s.confirm() for s in self._source_topics.values()))
                await endings.look(list(self.partitions.values()))
        except RecreatedError as error:
            self._fail(str(error))

    def _producer(self, place: Place) -> PartitionProducer:
        app, source = self._settings.app_id, self._source_topics[place.topic]
        own = transactional_id(app, *place)
        options = client_options(self._settings.kafka_client).producer
        return PartitionProducer(self._settings.kafka, own, app, source, options, self._throttled)

    def _intent_log(self) -> Intents:
        options = client_options(self._settings.kafka_client).producer
        client_id = options.get("client_id", self._settings.app_id)
        return Intents(self._settings.kafka, self._topics.intents, client_id, self._throttled)

    def _partition(
        self,
        number: int,
        place: Place,
        name: str,
        owned: int,
        generation: int,
        producer: PartitionProducer,
        source: SourceTopic,
        intents: Intents,
    ) -> SourcePartition:
        """One of so many that are ``owned``."""
        return SourcePartition(
            number,
            generation,
            source=place,
            name=name,
            producer=producer,
            intents=intents,
            topics=self._topics,
            partitions=self._partition_counts,
            books=self._books,
            encoder=self._encoder,
            order_by_key=self._settings.order_by_key,
            uncommitted=self._uncommitted,
            on_commit=self._committed,
            on_failure=lambda error: self._transaction_failed(place, error),
            topic_id=source.id,
            duplicate_seconds=self._settings.duplicate_seconds,
            most_duplicates=most_of_each(owned),
            values=FieldValues(
                self._settings.books_field, self._settings.books_field_values, self._named
            ),
            latest_only=self._settings.updates == "latest",
            dress=self._dress,
            headers=[(name, text.encode()) for name, text in self._settings.output_headers.items()],
            calls_format=self._settings.calls_format,
        )

    async def _committed_offsets(self, sources: Sources) -> dict[int, OffsetAndMetadata]:
        """What the group has committed, by source number, where there is something."""
        async with open_admin(self._settings.kafka) as admin:
            await describe(admin, self._settings.app_id)
            found = await admin.list_consumer_group_offsets(self._settings.app_id)
        numbers = {tp: sources.number(tp.topic, tp.partition) for tp in found}
        return {number: found[tp] for tp, number in numbers.items() if number is not None}

    def _transaction_failed(self, place: Place, error: BaseException) -> None:
        name = self._settings.group_instance_id
        twin = f"; is there a second worker with this {variable('group_instance_id')}?"
        fenced = name is not None and isinstance(error, ProducerFenced)
        self._fail(f"transaction of partition {place}: {error!r}{twin if fenced else ''}")

    # Housekeeping

    async def housekeeping(self) -> None:
        """Move the books' rows on, and delete done rows and intents that no restart needs any more.

        While Kafka is away they stay: a later turn deletes them with the ones after them.
        """
        trim = {}
        for partition in self.partitions.values():
            partition.move_rows_on()
            if (end := partition.trimmable()) is not None:
                trim[TopicPartition(self._topics.done, partition.number)] = RecordsToDelete(end)
            if (end := partition.trimmable_intents()) is not None:
                trim[TopicPartition(self._topics.intents, partition.number)] = RecordsToDelete(end)
        if not trim:
            return
        try:
            async with (
                asyncio.timeout(HOUSEKEEPING_SECONDS),
                open_admin(self._settings.kafka) as admin,
            ):
                await admin.delete_records(trim)
        except (TopicsError, KafkaError, OSError, TimeoutError) as error:
            log.debug("done rows are not deleted this time: %r", error)


async def _closed(closing: Iterable[Awaitable[None]]) -> None:
    """Nothing is in hand any more: a client that does not come to its end is left behind.

    aiokafka 0.14 waits in its close for a task that it has cancelled; where that one asks for
    metadata at this moment, asyncio's wait_for (before Python 3.12) loses the cancellation.
    """
    tasks = [asyncio.ensure_future(one) for one in closing]
    if not tasks:
        return
    done, left = await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
    for task in done:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.debug("closing a client of Kafka: %r", error)
    if left:
        log.warning("%d clients of Kafka do not close within %g s", len(left), CLOSE_SECONDS)


async def _within(seconds: float, awaitable: Awaitable[object]) -> None:
    """Wait, but not longer: what is not done by then is left to the next owner."""
    try:
        async with asyncio.timeout(seconds):
            await awaitable
    except TimeoutError:
        pass
