"""A consumer written in an afternoon: aiokafka, a pool of calls, a watermark commit.

    python -m benchmarks.peers.consumer sdk          # the official SDK as it comes
    python -m benchmarks.peers.consumer sdk-aiohttp  # the same on its aiohttp transport
    python -m benchmarks.peers.consumer aiohttp      # without the SDK

What a competent user writes to lose nothing: only the offsets below the oldest unfinished ticket
are committed. It is at least once; it keeps no books, and no order.
"""

import asyncio
import json
import os
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from anthropic import AsyncAnthropic, DefaultAioHttpClient
from httpx2 import Limits

from benchmarks.peers.question import OUTPUT, TEXT, question

BOOTSTRAP = os.environ["BENCH_KAFKA"]
API = os.environ["BENCH_API"]
TOPIC = os.environ["BENCH_TOPIC"]
CALLS = int(os.environ["BENCH_CALLS"])
SESSION_MS = int(os.environ["BENCH_SESSION_MS"])
COMMIT_EVERY = 1.0

Ask = Callable[[str], Awaitable[str]]


def with_sdk(client: AsyncAnthropic) -> Ask:
    """Through the SDK, which retries by itself."""

    async def ask(text: str) -> str:
        message = await client.messages.create(**question(text))
        return str(next(block.text for block in message.content if block.type == "text"))

    return ask


def with_aiohttp(session: aiohttp.ClientSession) -> Ask:
    """The bare request."""

    async def ask(text: str) -> str:
        async with session.post(f"{API}/v1/messages", json=question(text)) as response:
            response.raise_for_status()
            message = await response.json()
        return next(str(b["text"]) for b in message["content"] if b["type"] == "text")

    return ask


class Watermark:
    """Per partition, the offsets begun and not finished."""

    def __init__(self) -> None:
        self._open: dict[TopicPartition, dict[int, None]] = defaultdict(dict)
        self._next: dict[TopicPartition, int] = {}

    def begin(self, record: ConsumerRecord) -> None:
        tp = TopicPartition(record.topic, record.partition)
        self._open[tp][record.offset] = None
        self._next[tp] = record.offset + 1

    def finish(self, record: ConsumerRecord) -> None:
        del self._open[TopicPartition(record.topic, record.partition)][record.offset]

    def committable(self) -> dict[TopicPartition, int]:
        """Dictionaries keep their order: the first key is the oldest."""
        return {tp: next(iter(self._open[tp]), end) for tp, end in self._next.items()}


async def work(ask: Ask) -> None:
    """Until killed."""
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=BOOTSTRAP,
        group_id=TOPIC,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=SESSION_MS,
    )
    producer = AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, acks="all", linger_ms=5)
    watermark = Watermark()
    slots = asyncio.Semaphore(CALLS)
    tasks: set[asyncio.Task[None]] = set()

    async def one(record: ConsumerRecord) -> None:
        try:
            ticket = json.loads(record.value)
            answer = json.loads(await ask(ticket[TEXT]))
            value = json.dumps({**ticket, **answer}).encode()
            await producer.send_and_wait(OUTPUT[answer["category"]], value, record.key)
            watermark.finish(record)
        finally:
            slots.release()

    async def commit() -> None:
        while True:
            await asyncio.sleep(COMMIT_EVERY)
            if offsets := watermark.committable():
                await consumer.commit(offsets)

    async with consumer, producer, asyncio.TaskGroup() as group:
        group.create_task(commit())
        async for record in consumer:
            await slots.acquire()
            watermark.begin(record)
            task = asyncio.create_task(one(record))
            tasks.add(task)
            task.add_done_callback(tasks.discard)


async def main(client: str) -> None:
    """``client`` is one of the three in the module's docstring."""
    if client == "aiohttp":
        connector = aiohttp.TCPConnector(limit=CALLS)
        async with aiohttp.ClientSession(connector=connector) as session:
            await work(with_aiohttp(session))
    limits: dict[str, Any] = {}
    if client == "sdk-aiohttp":
        limits["http_client"] = DefaultAioHttpClient(
            limits=Limits(max_connections=CALLS, max_keepalive_connections=CALLS)
        )
    async with AsyncAnthropic(api_key="stub", base_url=API, **limits) as sdk:
        await work(with_sdk(sdk))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
