"""What a worker does with its results when its partitions are taken from it."""

import asyncio
import logging
from typing import Any

import pytest

from streams.delivery.member import MOST_BYTES_IN_HAND, Member
from streams.events.sources import Place
from streams.settings import Settings
from tests.delivery.events import TOPICS, work
from tests.delivery.own_partition import opened

MOST_PENDING = Settings().max_pending


class Producer:
    """Of a partition that commits nothing."""

    async def stop(self) -> None: ...


class Quiet:
    """Stands for what is of no interest here: does nothing, whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None

    async def until_idle(self) -> None:
        """No call is in flight."""


class Loaded:
    """A partition with so much in hand."""

    generation = 1

    def __init__(self, events: int, size: int) -> None:
        self.pending = events
        self.pending_bytes = size

    def already_known(self, _: object) -> bool:
        return True


class Partition:
    """Has results that are committed when ``kafka`` answers; ``closed`` tells whether they were."""

    def __init__(self, kafka: asyncio.Event) -> None:
        self.kafka = kafka
        self.closed: bool | None = None

    async def cancel_calls(self) -> None: ...

    async def flush(self) -> None:
        await self.kafka.wait()

    async def close(self) -> None:
        self.closed = self.kafka.is_set()


@pytest.fixture
def kafka() -> asyncio.Event:
    """Set when it answers."""
    return asyncio.Event()


@pytest.fixture
def partition(kafka: asyncio.Event) -> Partition:
    return Partition(kafka)


@pytest.fixture
def member(partition: Partition) -> Member:
    quiet: Any = Quiet()
    member = Member(
        Settings(),
        TOPICS,
        books=quiet,
        encoder=quiet,
        gates=quiet,
        intake=quiet,
        process=quiet,
        pace=quiet,
        admission=quiet,
        fail=quiet,
    )
    owned: Any = partition
    member.partitions = {0: owned}
    member._uncommitted[owned] = 7
    return member


async def test_before_a_rebalance_a_slow_commit_is_waited_for(
    member: Member, partition: Partition, kafka: asyncio.Event
) -> None:
    revoked = asyncio.create_task(member.revoked())
    await asyncio.wait([revoked], timeout=0.05)
    assert partition.closed is None
    kafka.set()
    await revoked
    assert partition.closed is True


async def test_what_a_stop_cannot_commit_is_told(
    member: Member, partition: Partition, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await member.give_up(flush=0.01)
    assert partition.closed is False
    assert "7 calls could not be committed in time" in caplog.text


async def test_nothing_is_told_where_all_is_committed(
    member: Member, kafka: asyncio.Event, caplog: pytest.LogCaptureFixture
) -> None:
    kafka.set()
    member._uncommitted.clear()
    with caplog.at_level(logging.WARNING):
        await member.give_up()
    assert not caplog.text


@pytest.mark.parametrize(
    ("events", "size"), [(MOST_PENDING, 1_000), (3, MOST_BYTES_IN_HAND)], ids=["many", "large"]
)
async def test_it_takes_no_more_while_too_much_is_in_hand(
    member: Member, events: int, size: int
) -> None:
    loaded = Loaded(events - 1, size - 1)
    partitions: Any = {3: loaded}
    member.partitions, member.ready = partitions, True
    await asyncio.wait_for(member.receive(work(), 1), 5)
    loaded.pending, loaded.pending_bytes = events, size
    taking = asyncio.create_task(member.receive(work(), 1))
    await asyncio.sleep(0.01)
    assert not taking.done()
    loaded.pending, loaded.pending_bytes = events - 1, size - 1
    member._committed()
    await asyncio.wait_for(taking, 5)


async def test_what_was_fetched_of_a_partition_counts_before_it_is_taken(member: Member) -> None:
    partitions = {number: await opened(Producer(), number=number) for number in (0, 1)}
    member.partitions = dict(partitions)
    assert member.held_back() == frozenset()
    member.coming(("tickets", 1), MOST_PENDING)
    member.coming(("tickets", 5), MOST_PENDING)  # not ours, or not any more
    assert member.held_back() == {Place("tickets", 1)}
    assert partitions[1].pending == 0
    for partition in partitions.values():
        await partition.close()


async def test_an_event_that_was_fetched_and_taken_counts_once() -> None:
    partition = await opened(Producer())
    partition.coming(3)
    assert partition.pending_or_coming == 3
    partition.already_known(work(0))
    assert (partition.pending, partition.pending_or_coming) == (1, 3)
    for offset in (1, 2):
        partition.already_known(work(offset))
    assert (partition.pending, partition.pending_or_coming) == (3, 3)
    partition.already_known(work(7))  # what was fetched next, and is not told yet
    assert partition.pending_or_coming == 4
    await partition.close()


class Stuck:
    """A client of Kafka that does not close."""

    async def close(self) -> None:
        await asyncio.Event().wait()


async def test_a_client_that_does_not_close_does_not_keep_a_worker(
    member: Member,
    kafka: asyncio.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Else it would neither exit, to be started again, nor come back from a rebalance."""
    kafka.set()
    monkeypatch.setattr("streams.delivery.member.CLOSE_SECONDS", 0.01)
    stuck: Any = Stuck()
    member._source_topics = {"tickets": stuck}
    await member.give_up()
    assert "1 clients of Kafka do not close" in caplog.text
