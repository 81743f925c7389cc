"""The campaign's judge finds what is planted: a table of zeros means something."""

import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from streams.audit.snapshot import read_topic
from streams.events.model import Tier
from streams.events.wire import decode_call, encode_call
from tests.faults.campaign.judge import IN_FLIGHT_MS, Verdict, judge
from tests.faults.campaign.tickets import Feeder
from tests.stack import SHARED, Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(120)]


@pytest.fixture
async def stack(kafka: str, namespace: str, tmp_path: Path) -> AsyncIterator[Stack]:
    """Sixty tickets, finished in few calls, and no worker."""
    faults: dict[str, object] = {"latency": 0.1}
    with running_stack(kafka, namespace, tmp_path, faults, max_calls=1, **SHARED) as stack:
        await stack.create_topics(partitions=1)
        await Feeder(stack, seed=1).send(60)
        worker = stack.worker()
        await stack.until_finished(60)
        assert worker.stop() == 0
        yield stack


async def append(stack: Stack, topic: str, change: Callable[[Any], bytes]) -> None:
    """Append the first record of ``topic`` once more, changed."""
    bootstrap = stack.settings.bootstrap_servers
    first = await anext(read_topic(bootstrap, topic))
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(
            topic, change(first.value), key=first.key, headers=list(first.headers)
        )


def counts(verdict: Verdict) -> tuple[int, int, int, int]:
    return verdict.lost, verdict.duplicates, verdict.called_again, verdict.paid_twice


async def test_nothing_is_found_where_nothing_is_wrong(stack: Stack) -> None:
    verdict = await judge(stack)
    assert (verdict.tickets, counts(verdict), verdict.broken) == (60, (0, 0, 0, 0), ())


async def test_a_ticket_that_is_out_twice_is_found(stack: Stack) -> None:
    await append(stack, stack.topics.categories["billing"], lambda value: value)
    verdict = await judge(stack)
    assert verdict.duplicates == 1
    assert any("duplicates" in line for line in verdict.broken)


@pytest.mark.parametrize(("tier", "found"), [("first", 1), ("escalation", 0)])
async def test_a_second_usable_answer_of_a_tier_is_found(
    stack: Stack, tier: Tier, found: int
) -> None:
    def again(value: bytes) -> bytes:
        call = decode_call(value)
        return encode_call(
            replace(call, call_id="another", tier=tier, outcome="ok", shares=call.shares[:1])
        )

    await append(stack, stack.topics.calls, again)
    verdict = await judge(stack)
    assert verdict.called_again == found
    assert verdict.broken  # the books are wrong either way


async def test_a_ticket_of_a_shared_call_that_is_in_no_book_is_found_and_its_time_tells_what_it_was(
    stack: Stack,
) -> None:
    shared = max(stack.ledger(), key=lambda line: len(line["digests"]))
    assert len(shared["digests"]) > 1
    line = {**shared, "digests": shared["digests"][:1]}
    ledger = stack.folder / "ledger.jsonl"
    with ledger.open("a") as file:
        file.write(json.dumps(line) + "\n")
    assert counts(await judge(stack)) == (0, 0, 0, 1)  # in flight when its worker died
    with ledger.open("a") as file:
        late = time.time_ns() // 1_000_000 + IN_FLIGHT_MS + 1_000
        file.write(json.dumps({**line, "at": late}) + "\n")
    assert counts(await judge(stack)) == (0, 0, 1, 2)  # its result was durable


async def test_a_ticket_that_is_nowhere_is_found(stack: Stack) -> None:
    # Committed as finished, and in no output: what a lost ticket looks like.
    bootstrap = stack.settings.bootstrap_servers
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="thief") as producer:
        async with producer.transaction():
            await producer.send(stack.topics.input, b'{"id": "x", "text": "lost"}', key=b"k")
        async with producer.transaction():
            await producer.send_offsets_to_transaction(
                {TopicPartition(stack.topics.input, 0): 61}, stack.settings.app_id
            )
    assert (await judge(stack)).lost == 1
