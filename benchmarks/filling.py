"""What workers leave in the topics, written without any: many tickets, and books that balance."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from aiokafka.partitioner import murmur2
from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks.rig import tickets
from streams.audit.books import RowKey
from streams.audit.records import Called, Finished, SourceKey
from streams.audit.tables import Recomputed, deltas
from streams.books.changelog import encode_count, encode_key, encode_spend
from streams.books.rows import spend_of_ticket
from streams.claude.prices import Usage, price_list
from streams.claude.sharing import share_out
from streams.delivery.records import Record
from streams.events.headers import ROUTED_SOURCE
from streams.events.model import (
    CallRecord,
    Classification,
    Done,
    RoutedTicket,
    Share,
    Source,
    Ticket,
    Tier,
)
from streams.events.topics import Topics
from streams.events.wire import encode_call, encode_done, encode_routed, encode_ticket
from streams.settings import Settings

GROUP = 25
"""Tickets in a call."""
ESCALATED = 20
"""One ticket in so many is asked about twice."""
CACHED = 50
"""One in so many has the answer of an identical one."""
FAILED = 40
"""One call in so many is answered at the second try."""
TRANSACTION = 500
"""Tickets in a transaction."""
HOURS = 3
"""The tickets are spread over the last so many."""


class Worked:
    """The records of one source partition, from its first ticket on."""

    def __init__(self, settings: Settings, topics: Topics, number: int, partitions: int) -> None:
        self._settings = settings
        self._topics = topics
        self._number = number
        self._partitions = partitions
        self._categories = [name for name in topics.categories if name != "unknown"]
        self._tables = Recomputed(settings.window_seconds)
        self._changed: set[RowKey] = set()
        self._unsure: list[tuple[Source, bytes, Ticket, Classification]] = []
        self._offset = 0
        self._calls = 0

    def transaction(self, events: Sequence[tuple[bytes, Ticket]], at: int) -> Iterator[Record]:
        """What becomes of the next ``events`` (key and ticket), at epoch milliseconds ``at``."""
        while events:
            group, events = events[:GROUP], events[GROUP:]
            yield from self._group(group, at)
            if len(self._unsure) >= GROUP:
                yield from self._escalation(at)
        yield from self._escalation(at)
        yield from self._rows()

    def _group(self, events: Sequence[tuple[bytes, Ticket]], at: int) -> Iterator[Record]:
        asked: list[tuple[Source, bytes, Ticket]] = []
        cached: list[tuple[Source, bytes, Ticket]] = []
        for key, ticket in events:
            source = Source(self._topics.input, self._number, self._offset)
            (cached if self._offset % CACHED == 3 else asked).append((source, key, ticket))
            self._offset += 1
        sources = [source for source, _, _ in asked]
        self._calls += 1
        if self._calls % FAILED == 0:
            yield self._call(self._failed(sources, at))
        unsure = [source.offset % ESCALATED == 7 for source in sources]
        call = self._answered("first", self._settings.model, sources, unsure, at)
        yield self._call(call)
        for (source, key, ticket), share in zip(asked, call.shares, strict=True):
            result = _result(share, call)
            if share.outcome == "ok":
                yield from self._finish(source, key, ticket, result)
            else:
                self._unsure.append((source, key, ticket, result))
        for source, key, ticket in cached:
            result = Classification(
                self._categories[0], 0.95, "cache", call.model, None, 0, 0, 0, call.call_id,
                call.prompt_version, at,
            )  # fmt: skip
            yield from self._finish(source, key, ticket, result)

    def _escalation(self, at: int) -> Iterator[Record]:
        if not self._unsure:
            return
        sources = [source for source, _, _, _ in self._unsure]
        model = self._settings.escalation_model
        call = self._answered("escalation", model, sources, [False] * len(sources), at)
        yield self._call(call)
        for (source, key, ticket, before), share in zip(self._unsure, call.shares, strict=True):
            yield from self._finish(source, key, ticket, _result(share, call, before))
        self._unsure.clear()

    def _answered(
        self, tier: Tier, model: str, sources: Sequence[Source], unsure: Sequence[bool], at: int
    ) -> CallRecord:
        usage = Usage(700 + 95 * len(sources), 24 * len(sources))
        price = price_list().price(model, at)
        cost = price_list().cost(model, usage, at)
        sizes = [80 + source.offset % 40 for source in sources]
        shared = share_out(usage, cost, price.band(usage.prompt_tokens), sizes)
        shares = [
            Share(
                source.offset,
                self._categories[source.offset % 7 % len(self._categories)],
                *share,
                "low_confidence" if doubt else "ok",
                0.5 if doubt else 0.75 + source.offset % 20 / 100,
            )
            for source, share, doubt in zip(sources, shared, unsure, strict=True)
        ]
        return self._record(tier, model, "ok", 200, usage, cost, shares, at)

    def _failed(self, sources: Sequence[Source], at: int) -> CallRecord:
        outcome = "overloaded_error"
        shares = [Share(source.offset, "unknown", 0, 0, 0, outcome) for source in sources]
        return self._record("first", self._settings.model, outcome, 529, Usage(), 0, shares, at)

    def _record(
        self,
        tier: Tier,
        model: str,
        outcome: str,
        status: int,
        usage: Usage,
        cost: int,
        shares: Sequence[Share],
        at: int,
    ) -> CallRecord:
        offset = shares[0].source_offset
        return CallRecord(
            call_id=f"{self._number:08x}{offset:012x}{tier[0].encode().hex():>04}{status:08x}",
            started_at=at - 900,
            ended_at=at,
            tier=tier,
            requested_model=model,
            model=model,
            prompt_version="bench",
            attempt=1,
            outcome=outcome,
            status=status,
            request_id=f"req_{offset:024}",
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_write_5m_tokens=0,
            cache_write_1h_tokens=0,
            cache_read_tokens=0,
            cost_picodollars=cost,
            unsettled_picodollars=0,
            source_topic=self._topics.input,
            source_partition=self._number,
            shares=shares,
        )

    def _call(self, call: CallRecord) -> Record:
        self._add(Called("", call))
        return Record(self._topics.calls, self._number, None, encode_call(call))

    def _finish(
        self, source: Source, key: bytes, ticket: Ticket, result: Classification
    ) -> Iterator[Record]:
        adds = spend_of_ticket(self._number, result)
        where = SourceKey(self._number, source.offset)
        self._add(Finished("", where, key, True, 0, None, adds))
        value = encode_routed(RoutedTicket(ticket, result, source), "avro")
        coordinates = [
            (ROUTED_SOURCE + "topic", source.topic.encode()),
            (ROUTED_SOURCE + "partition", str(source.partition).encode()),
            (ROUTED_SOURCE + "offset", str(source.offset).encode()),
        ]
        partition = (int(murmur2(key)) & 0x7FFFFFFF) % self._partitions
        topic = self._topics.categories[result.category]
        yield Record(topic, partition, key, value, None, coordinates)
        done = encode_done(Done(source.offset, released=True))
        yield Record(self._topics.done, self._number, str(source.offset).encode(), done)

    def _add(self, item: Called | Finished) -> None:
        self._tables.add(item)
        self._changed |= {self._tables.row(delta) for delta in deltas(item)}

    def _rows(self) -> Iterator[Record]:
        for row in self._changed:
            key = encode_key(row.row, row.start, row.start + self._settings.window_seconds - 0.1)
            if row in self._tables.spend:
                value = encode_spend(self._tables.spend[row])
                yield Record(self._topics.spend, self._number, key, value)
            else:
                value = encode_count(self._tables.errors[row])
                yield Record(self._topics.errors, self._number, key, value)
        self._changed.clear()


def _result(share: Share, call: CallRecord, before: Classification | None = None) -> Classification:
    return Classification(
        category=share.category,
        confidence=share.confidence,
        tier=call.tier,
        model=call.model,
        reason=None,
        input_tokens=share.input_tokens + (before.input_tokens if before else 0),
        output_tokens=share.output_tokens + (before.output_tokens if before else 0),
        cost_picodollars=share.cost_picodollars + (before.cost_picodollars if before else 0),
        call_id=call.call_id,
        prompt_version=call.prompt_version,
        classified_at=call.ended_at,
    )


def fill(settings: Settings, topics: Topics, count: int, partitions: int) -> None:
    """``count`` tickets and all that became of them, committed, in topics that are there."""
    producer = Producer(
        {
            "bootstrap.servers": settings.bootstrap_servers,
            "transactional.id": f"{settings.app_id}-filling",
            "queue.buffering.max.messages": 1_000_000,
            "linger.ms": 20,
        }
    )
    producer.init_transactions(30)
    # The input first, in one transaction each: its offsets then count the tickets.
    plain = Producer({"bootstrap.servers": settings.bootstrap_servers, "linger.ms": 50})
    began = time.time_ns() // 1_000_000 - HOURS * 3_600_000
    worked = [Worked(settings, topics, number, partitions) for number in range(partitions)]
    waiting: list[deque[tuple[bytes, Ticket]]] = [deque() for _ in range(partitions)]
    for number, (key, fields) in enumerate(tickets(count, 1)):
        at = began + number * HOURS * 3_600_000 // count
        ticket = Ticket(**fields, created_at=at)
        partition = number % partitions
        waiting[partition].append((key, ticket))
        _send(plain, [Record(topics.input, partition, key, encode_ticket(ticket, "json"))])
        if len(waiting[partition]) == TRANSACTION:
            _commit(producer, worked[partition].transaction(list(waiting[partition]), at))
            waiting[partition].clear()
    for some, left in zip(worked, waiting, strict=True):
        _commit(producer, some.transaction(list(left), began + HOURS * 3_600_000))
    plain.flush()
    _commit_offsets(settings, topics.input, [(count + p) // partitions for p in range(partitions)])


def _commit(producer: Producer, records: Iterable[Record]) -> None:
    producer.begin_transaction()
    _send(producer, records)
    producer.commit_transaction(60)


def _send(producer: Producer, records: Iterable[Record]) -> None:
    for record in records:
        while True:
            try:
                producer.produce(
                    record.topic,
                    record.value,
                    record.key,
                    record.partition,
                    headers=list(record.headers),
                )
                break
            except BufferError:
                producer.poll(0.1)
    producer.poll(0)


def _commit_offsets(settings: Settings, topic: str, ends: Sequence[int]) -> None:
    consumer = Consumer(
        {"bootstrap.servers": settings.bootstrap_servers, "group.id": settings.app_id}
    )
    try:
        offsets = [
            TopicPartition(topic, number, end) for number, end in enumerate(sorted(ends)[::-1])
        ]
        consumer.commit(offsets=offsets, asynchronous=False)
    finally:
        consumer.close()
