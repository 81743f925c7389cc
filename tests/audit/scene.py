"""A small installation written by hand: what honest workers leave in the topics, to be tampered."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord

from streams.audit.records import DoneRow, SkippedRow, read_item
from streams.audit.tables import Recomputed
from streams.books.changelog import encode_count, encode_key, encode_spend
from streams.books.money import split
from streams.claude.prices import Usage, price_list
from streams.events.headers import (
    AT,
    COST,
    ERROR_TYPE,
    MESSAGE,
    SOURCE_OFFSET,
    SOURCE_PARTITION,
    SOURCE_TOPIC,
    STAGE,
)
from streams.events.model import (
    CallRecord,
    Classification,
    Done,
    RoutedTicket,
    Share,
    Source,
    Ticket,
)
from streams.events.topics import Topics
from streams.events.wire import encode_call, encode_done, encode_routed, encode_ticket
from streams.settings import Settings, load_settings

MODEL = "claude-haiku-5-5"
WINDOW = 60
NOW = int(time.time() * 1000)

WRITTEN, READ = 10, 20
"""Input tokens of each call that were written to the cache and read from it."""

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True)
class Written:
    """A record to write."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = field(default_factory=list)

    def read(self, offset: int) -> ConsumerRecord:
        """As a consumer gets it, at ``offset``."""
        headers = tuple(self.headers)
        where = (self.topic, self.partition, offset)
        return ConsumerRecord(*where, NOW, 0, self.key, self.value, None, 0, 0, headers)


def settings_of(namespace: str, bootstrap: str = "127.0.0.1:9092") -> Settings:
    return load_settings(
        bootstrap_servers=bootstrap,
        app_id=f"{namespace}-app",
        input_topic=f"{namespace}-tickets",
        window_seconds=WINDOW,
    )


def topics_for(settings: Settings) -> Topics:
    return Topics.of(settings)


def paid(shares: list[Share]) -> list[Share]:
    """The shares with what they cost, if they are all of a call, by the price list."""
    uncached = sum(s.input_tokens for s in shares) - WRITTEN - READ
    usage = Usage(uncached, sum(s.output_tokens for s in shares), WRITTEN, 0, READ)
    parts = split(price_list().cost(MODEL, usage, NOW), [s.input_tokens for s in shares])
    return [s._replace(cost_picodollars=part) for s, part in zip(shares, parts, strict=True)]


def result(category: str, share: Share, call: CallRecord) -> Classification:
    return Classification(
        category,
        0.9,
        "first",
        call.model,
        None,
        share.input_tokens,
        share.output_tokens,
        share.cost_picodollars,
        call.call_id,
        "v1",
        call.ended_at,
    )


def call_of(
    topics: Topics, partition: int, shares: list[Share], call_id: str, outcome: str = "ok"
) -> CallRecord:
    ok = outcome == "ok"
    return CallRecord(
        call_id,
        NOW - 100,
        NOW,
        "first",
        MODEL,
        MODEL,
        "v1",
        1,
        outcome,
        200 if ok else None,
        None,
        sum(s.input_tokens for s in shares) - WRITTEN - READ if ok else 0,
        sum(s.output_tokens for s in shares),
        WRITTEN if ok else 0,
        0,
        READ if ok else 0,
        sum(s.cost_picodollars for s in shares),
        0 if ok else 5_000,
        topics.input,
        partition,
        shares,
    )


def key_of(offset: int) -> bytes:
    return f"customer-{offset}".encode()


class Scene:
    """Two partitions with five tickets each; offset 3 is a dead letter, 4 is not finished.

    ``outputs`` are the records of our topics but the changelogs, ``rows`` those of the changelogs.
    Every partition has a call for tickets 0 to 2, and one that timed out before it.
    """

    calls_recorded = 4
    # 276 tokens in, 10 written to the cache, 20 read from it, 63 out, on Haiku 5.5.
    settled = 2 * (276 * 100_000 + 10 * 125_000 + 20 * 10_000 + 63 * 500_000)
    unsettled = 2 * 5_000

    partitions = (0, 1)
    finished = 4

    def __init__(self, topics: Topics) -> None:
        self.topics = topics
        self.inputs = [self.ticket(p, i) for p in self.partitions for i in range(5)]
        self.outputs = [record for p in self.partitions for record in self._partition(p)]
        self.rows = list(self._rows(self.outputs, Recomputed(WINDOW)))

    def ticket(self, p: int, offset: int) -> Written:
        value = encode_ticket(Ticket(str(offset), "text"))
        return Written(self.topics.input, p, key_of(offset), value)

    def work(self, p: int, offset: int, tables: Recomputed) -> Iterator[Written]:
        """A transaction that finishes one ticket; ``tables`` are the worker's own."""
        [share] = paid([Share(offset, "billing", 101, 20, 0)])
        call = call_of(self.topics, p, [share], f"call-{p}-{offset}")
        records = [
            Written(self.topics.calls, p, None, encode_call(call)),
            self.routed(p, offset, result("billing", share, call)),
            self.done(p, offset),
        ]
        yield from records
        yield from self._rows(records, tables)

    def _partition(self, p: int) -> Iterator[Written]:
        topics, wanted = self.topics, ["billing", "technical", "billing"]
        shares = paid([Share(i, c, 101 + i, 20 + i, 0) for i, c in enumerate(wanted)])
        timed_out = [Share(share.source_offset, share.category, 0, 0, 0) for share in shares]
        for call in (
            call_of(topics, p, timed_out, f"call-{p}-0", "timeout"),
            call_of(topics, p, shares, f"call-{p}-1"),
        ):
            yield Written(topics.calls, p, None, encode_call(call))
        for share in shares:
            yield self.routed(p, share.source_offset, result(share.category, share, call))
            yield self.done(p, share.source_offset)
        yield self.dead_letter(p, 3)
        yield self.done(p, 3)

    def routed(self, p: int, offset: int, result: Classification) -> Written:
        source = Source(self.topics.input, p, offset)
        value = encode_routed(RoutedTicket(Ticket(str(offset), "text"), result, source), "avro")
        topic = self.topics.categories[result.category]
        return Written(topic, offset % 2, key_of(offset), value)

    def done(self, p: int, offset: int) -> Written:
        return Written(self.topics.done, p, str(offset).encode(), encode_done(Done(offset, True)))

    def dead_letter(self, p: int, offset: int) -> Written:
        said = {
            SOURCE_TOPIC: self.topics.input,
            SOURCE_PARTITION: str(p),
            SOURCE_OFFSET: str(offset),
            MESSAGE: "the event is not JSON",
            ERROR_TYPE: "not_json",
            STAGE: "decode",
            COST: "0",
            AT: str(NOW),
        }
        headers = [(name, text.encode()) for name, text in said.items()]
        return Written(self.topics.dead_letter, p, key_of(offset), b"{", headers)

    def _rows(self, records: list[Written], tables: Recomputed) -> Iterator[Written]:
        for offset, record in enumerate(records):
            item = read_item(record.read(offset), self.topics)
            if not isinstance(item, DoneRow | SkippedRow):
                tables.add(item)
        for row, spend in tables.spend.items():
            key = encode_key(row.row, row.start, row.start + WINDOW - 0.1)
            yield Written(self.topics.spend, row.parts()[0], key, encode_spend(spend))
        for row, count in tables.errors.items():
            key = encode_key(row.row, row.start, row.start + WINDOW - 0.1)
            yield Written(self.topics.errors, row.parts()[0], key, encode_count(count))
