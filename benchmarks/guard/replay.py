"""The worker's way of a ticket, from Faust's hands to the batches for Kafka, without a broker.

Everything is the worker's own (streams.app puts it together) but for its ends: Kafka's clients say
yes to everything, the API answers from here, and the clock moves only where everybody waits. So
the same tickets take the same steps in every run, on any machine, however busy it is.
"""

import asyncio
import json
import os
import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Self, cast
from unittest.mock import patch

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from benchmarks.guard.clock import StillLoop
from benchmarks.rig import tickets
from streams.app import Parts, assemble, work_of
from streams.books.changelog import decode_count, decode_spend, encode_count, encode_spend
from streams.books.rows import SpendRow
from streams.classify import prompt
from streams.delivery.faust_door import create_app
from streams.delivery.intents import Intents
from streams.delivery.outbox import Books
from streams.delivery.restore import Restored
from streams.delivery.source_topic import SourceTopic
from streams.events.sources import Place
from streams.events.topics import Topics
from streams.events.wire import ENCODERS
from streams.settings import Settings

PARTITIONS = 2
TICKETS = 50
"""Of each partition, in each of the two rounds: whole calls of 25."""
MAX_CALLS = {25: 4, 1: 40}
"""By tickets a call: enough that a transaction has more than one."""
API_SECONDS = 0.1
KAFKA_SECONDS = 0.005
"""Of each request that is waited for."""

_ID = re.compile(r"<ticket id=(\d+)>")
_ANSWERED_AS = ("billing", "technical", "product_feedback", "account")


@dataclass(slots=True)
class Sent:
    """What Kafka and the API were given."""

    transactions: int = 0
    batches: int = 0
    records: int = 0
    """Of transactions and intents."""
    record_bytes: int = 0
    """As they go over the network."""
    calls: int = 0
    request_bytes: int = 0


@dataclass(slots=True)
class World:
    """Kafka's and the API's place: what the clients of both would send comes here."""

    sent: Sent = field(default_factory=Sent)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Any:
        """As AIOKafkaProducer's: the batch is built, and acknowledged a little later."""
        self.sent.batches += 1
        self.sent.records += batch.record_count()
        self.sent.record_bytes += len(batch._build())
        loop = asyncio.get_running_loop()
        done: asyncio.Future[RecordMetadata] = loop.create_future()
        metadata = RecordMetadata(topic, partition, None, self.sent.records, None, None, None)
        loop.call_later(KAFKA_SECONDS, done.set_result, metadata)
        return done

    async def commit_transaction(self) -> None:
        """As AIOKafkaProducer's."""
        self.sent.transactions += 1
        await asyncio.sleep(KAFKA_SECONDS)

    def post(self, _: str, *, data: bytes, headers: Mapping[str, str]) -> "_Response":
        """As aiohttp's ClientSession's."""
        del headers
        self.sent.calls += 1
        self.sent.request_bytes += len(data)
        return _Response(_message(data.decode()))

    async def close(self) -> None:
        """Nothing is open."""


class _Batch(BatchBuilder):  # type: ignore[misc]
    """Records without a time would get that of the real clock, in more bytes on a slow machine."""

    @classmethod
    def of(cls, batch: BatchBuilder) -> Self:
        batch.__class__ = cls
        return cast("Self", batch)

    def append(self, *, timestamp: int | None, **record: Any) -> Any:
        return super().append(timestamp=timestamp or 1_795_000_000_000, **record)


class _Response:
    """As aiohttp's: what ``post`` gives is entered, then read."""

    ok, status = True, 200
    headers: Mapping[str, str] = {
        "request-id": "req_0123456789",
        "anthropic-ratelimit-requests-limit": "100000",
        "anthropic-ratelimit-requests-remaining": "99999",
        "anthropic-ratelimit-input-tokens-limit": "100000000",
        "anthropic-ratelimit-input-tokens-remaining": "99999999",
        "anthropic-ratelimit-output-tokens-limit": "10000000",
        "anthropic-ratelimit-output-tokens-remaining": "9999999",
    }

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aenter__(self) -> Self:
        await asyncio.sleep(API_SECONDS)
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def read(self) -> bytes:
        return self._body


def _message(request: str) -> bytes:
    ids = _ID.findall(request)
    rows = [f"{name} {_ANSWERED_AS[n % 4]} 93" for n, name in enumerate(ids)]
    message = {
        "id": "msg_0123456789",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5",
        "content": [{"type": "text", "text": json.dumps({"r": rows})}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": len(request) // 4, "output_tokens": 18 * len(ids)},
    }
    return json.dumps(message).encode()


async def _ignored(*_: object, **__: object) -> None:
    """Said yes to."""


async def _stopped(producer: AIOKafkaProducer) -> None:
    producer._closed = True  # else it complains when it is gone


async def _topic_id(_: SourceTopic) -> str:
    await asyncio.sleep(KAFKA_SECONDS)
    return "AAAAAAAAAAAAAAAAAAAAAA"


@contextmanager
def _without_network(world: World) -> Iterator[None]:
    """Clients of Kafka and the API are the worker's own, up to where they would connect."""
    ignored = ("start", "begin_transaction", "send_offsets_to_transaction")
    create_batch = AIOKafkaProducer.create_batch
    kafka: dict[str, Any] = {
        **dict.fromkeys(ignored, _ignored),
        "stop": _stopped,
        "create_batch": lambda producer: _Batch.of(create_batch(producer)),
        "send_batch": lambda _, *args, **named: world.send_batch(*args, **named),
        "commit_transaction": lambda _: world.commit_transaction(),
    }
    with ExitStack() as patches:
        patches.enter_context(patch.multiple(AIOKafkaProducer, **kafka))
        patches.enter_context(patch.object(SourceTopic, "_current", _topic_id))
        yield


@contextmanager
def _without_chance() -> Iterator[None]:
    """Ids are random numbers of the same kind, but the same ones each time: chosen truly at random,
    some would be drawn twice."""
    with patch.object(prompt, "_random", random.Random(1)):
        yield


@dataclass(slots=True)
class Replay:
    """A worker with partitions, and tickets for it."""

    parts: Parts
    topics: Topics
    intents: Intents
    world: World
    offset: int = 0
    number: int = 0

    async def round(self) -> Sent:
        """TICKETS for each partition, until all of them are committed. What was sent is told."""
        self.world.sent = sent = Sent()
        member = self.parts.member
        for message in self._messages():
            await member.receive(work_of(message, member.source_of), message.generation_id)
        while member.pending:  # noqa: ASYNC110  in this clock's time nobody waits for it
            await asyncio.sleep(API_SECONDS)
        return sent

    def _messages(self) -> Iterator[Any]:
        """As Faust delivers them: keys by Zipf's law, and no text twice."""
        for n, (key, fields) in enumerate(tickets(PARTITIONS * TICKETS, 1)):
            self.number += 1
            text = f"{fields['text']} (case {self.number:07})"
            yield SimpleNamespace(
                topic=self.topics.input,
                partition=n % PARTITIONS,
                offset=self.offset + n // PARTITIONS,
                key=key,
                value=json.dumps(
                    {**fields, "text": text, "created_at": 1_795_000_000_000}
                ).encode(),
                timestamp=time.time(),
                headers=[],
                generation_id=1,
            )
        self.offset += TICKETS


async def _replay(batch_size: int, world: World) -> Replay:
    with patch.dict(os.environ, clear=True):  # nothing of this machine's
        settings = Settings(
            anthropic_api_key="none",
            batch_size=batch_size,
            max_calls=MAX_CALLS[batch_size],
            worker_port=0,
        )
    topics = Topics.of(settings)
    app = create_app(settings)
    spend = app.book("spend", SpendRow, encode_spend, decode_spend, settings)
    errors = app.book("errors", int, encode_count, decode_count, settings)
    books = Books(spend.table, errors.table)
    parts = assemble(settings, topics, books, ENCODERS["avro"], lambda: False)
    source = SourceTopic(settings.kafka, topics.input)
    source.id = await _topic_id(source)
    intents = Intents(settings.kafka, topics.intents)
    await intents.open()
    api: Any = world
    parts.claude._transport._opened = api, api
    member = parts.member
    member._source_topics[topics.input] = source
    for topic in (*topics.outputs, topics.dead_letter):
        member._partition_counts[topic] = PARTITIONS
    for number in range(PARTITIONS):
        place = Place(topics.input, number)
        producer = member._producer(place)
        name = str(number)
        partition = member._partition(number, place, name, PARTITIONS, 1, producer, source, intents)
        await partition.open(0, Restored(changelogs={topics.spend: {}, topics.errors: {}}))
        member.partitions[number] = partition
    member.ready = True
    return Replay(parts, topics, intents, world)


def run(batch_size: int, counted: Any) -> Sent:
    """One round that nobody looks at, for what is made once and kept; then one within ``counted``,
    a context manager."""

    async def main() -> Sent:
        world = World()
        with _without_chance(), _without_network(world):
            replay = await _replay(batch_size, world)
            await replay.round()
            with counted:
                sent = await replay.round()
            for partition in replay.parts.member.partitions.values():
                await partition.close()
            await replay.intents.close()
            await replay.parts.claude.close()
        return sent

    with asyncio.Runner(loop_factory=StillLoop) as runner:
        return runner.run(main())
