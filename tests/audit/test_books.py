import asyncio
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streams.audit.books import Books, BooksFollower, ErrorKey, SpendKey, follow_books, load_books
from streams.audit.snapshot import AT_A_TIME
from streams.audit.topic_admin import MissingTopicError
from streams.books.changelog import encode_count, encode_key, encode_spend
from streams.books.rows import SpendRow
from streams.local.kafka.broker import EmbeddedKafka
from tests.audit.kafka_scene import abort, producer_for, publish, write
from tests.audit.scene import MODEL, Scene, Written, settings_of, topics_for

TOPICS = topics_for(settings_of("books"))
SPENT = encode_spend(SpendRow(1))
START = 1_763_715_600.0


def key(row: str, start: float = START) -> bytes:
    return encode_key(row, start, start + 59.9)


def test_rows_are_summed_over_partitions() -> None:
    books = Books()
    books.apply_spend(key("0|m|billing"), encode_spend(SpendRow(1, 2, 3)))
    books.apply_spend(key("1|m|billing"), encode_spend(SpendRow(10, 20, 30)))
    books.apply_spend(key("1|m|account"), encode_spend(SpendRow(5)))
    books.apply_spend(key("1|m|billing", START + 60), encode_spend(SpendRow(7)))
    assert books.spend == {
        SpendKey(START, "m", "billing"): SpendRow(11, 22, 33),
        SpendKey(START, "m", "account"): SpendRow(5),
        SpendKey(START + 60, "m", "billing"): SpendRow(7),
    }


def test_what_stands_in_windows_of_several_sizes_is_told_apart() -> None:
    books = Books()
    for span, calls in (((START, START + 59.9), 1), ((START, START + 3_599.9), 2)):
        row = encode_spend(SpendRow(calls))
        books.apply_spend(encode_key("0|m|billing|first|ok|p|c-1", *span), row)
    key_of = partial(SpendKey, START, "m", "billing", "first", "ok", "p", "c-1")
    assert books.spend == {key_of(60): SpendRow(1), key_of(3_600): SpendRow(2)}


def test_a_newer_row_takes_the_place_of_the_older() -> None:
    books = Books()
    for calls in (1, 2, 3):
        books.apply_spend(key("0|m|billing"), encode_spend(SpendRow(calls)))
        books.apply_error(key("0|api|timeout"), encode_count(calls))
    assert books.spend == {SpendKey(START, "m", "billing"): SpendRow(3)}
    assert books.errors == {ErrorKey(START, "api", "timeout"): 3}


def test_a_tombstone_removes_a_partitions_part() -> None:
    books = Books()
    for partition in (0, 1):
        books.apply_spend(key(f"{partition}|m|billing"), encode_spend(SpendRow(4)))
        books.apply_error(key(f"{partition}|api|timeout"), encode_count(4))
    books.apply_spend(key("0|m|billing"), None)
    books.apply_error(key("0|api|timeout"), None)
    assert books.spend == {SpendKey(START, "m", "billing"): SpendRow(4)}
    assert books.errors == {ErrorKey(START, "api", "timeout"): 4}
    books.apply_spend(key("1|m|billing"), None)
    books.apply_error(key("1|api|timeout"), None)
    assert not books.spend
    assert not books.errors
    assert not books.spend_rows
    assert not books.error_rows


@pytest.mark.parametrize("bad", [None, b"", b"[]", b'["x",[0,1]]', b'["x|m|billing",[0,1]]'])
def test_a_key_that_no_table_wrote_is_refused(bad: bytes | None) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Books().apply_spend(bad, encode_spend(SpendRow(1)))


class Buffered:
    """A consumer that has fetched ``count`` rows already: it gives them without waiting."""

    def __init__(self, count: int) -> None:
        self.position = 0
        self._records = [
            SimpleNamespace(topic=TOPICS.spend, key=key(f"{n}|m|billing"), value=SPENT)
            for n in range(count)
        ]

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[str, list[Any]]:
        begin, self.position = self.position, self.position + max_records
        if found := self._records[begin : self.position]:
            return {"spend": found}
        return await asyncio.Future()


async def test_a_long_table_lets_others_run_and_is_read_as_far_as_the_reader_says() -> None:
    reader: Any = Buffered(3 * AT_A_TIME)
    follower = BooksFollower(reader, TOPICS)
    following = asyncio.create_task(follower.run())
    seen = [0]
    while seen[-1] < 3 * AT_A_TIME:
        await asyncio.sleep(0)
        seen.append(len(follower.books.spend_rows))
        assert seen[-1] == reader.position
    assert {AT_A_TIME, 2 * AT_A_TIME} <= set(seen)
    following.cancel()
    await asyncio.wait([following])


@pytest.mark.kafka
async def test_the_books_of_the_group_are_read_from_kafka(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    scene = Scene(topics_for(settings))
    await publish(scene, settings)
    books = await load_books(kafka, scene.topics)
    total = SpendRow()
    for row in books.spend.values():
        total = total.plus(row)
    assert (total.calls, total.tickets, total.picodollars) == (2, 6, scene.settled)
    assert total.unsettled_picodollars == scene.unsettled
    assert {(k.stage, k.error_type): n for k, n in books.errors.items()} == {
        ("api", "timeout"): 2,
        ("decode", "not_json"): 2,
    }


@pytest.mark.kafka
async def test_missing_changelogs_are_named(kafka: str, namespace: str) -> None:
    topics = topics_for(settings_of(namespace))
    with pytest.raises(MissingTopicError, match=topics.spend):
        await load_books(kafka, topics)


@pytest.mark.kafka
async def test_a_follower_sees_every_committed_change(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    scene = Scene(topics_for(settings))
    await publish(scene, settings)
    start = next(iter((await load_books(kafka, scene.topics)).spend)).start
    billing = SpendKey(start, MODEL, "billing", "first", "ok", "v1")
    changed = key(f"0|{MODEL}|billing|first|ok|v1|", start)
    row = Written(scene.topics.spend, 0, changed, encode_spend(SpendRow(1_000)))
    async with (
        producer_for(settings, "test") as producer,
        follow_books(kafka, scene.topics) as follower,
    ):
        assert follower.books.spend[billing].calls == 2
        version = follower.version
        waiting = [asyncio.create_task(follower.changed(version)) for _ in range(2)]
        await abort(producer, [row])
        async with producer.transaction():
            await write(producer, [row])
        async with asyncio.timeout(20):
            assert min(await asyncio.gather(*waiting)) > version
            while follower.books.spend[billing].calls != 1_001:
                version = await follower.changed(version)


@pytest.mark.kafka
async def test_a_follower_outlives_a_restart_of_kafka(tmp_path: Path, namespace: str) -> None:
    with EmbeddedKafka(tmp_path) as broker:
        settings = settings_of(namespace, broker.bootstrap)
        scene = Scene(topics_for(settings))
        await publish(scene, settings)
        async with follow_books(broker.bootstrap, scene.topics) as follower:
            version = follower.version
            await asyncio.to_thread(broker.kill)
            await asyncio.to_thread(broker.start)
            late = Written(scene.topics.errors, 0, key("0|api|overloaded_error"), encode_count(5))
            async with producer_for(settings, "late") as producer, producer.transaction():
                await write(producer, [late])
            async with asyncio.timeout(60):
                await follower.changed(version)
            assert follower.books.errors[ErrorKey(START, "api", "overloaded_error")] == 5
            assert len(follower.books.errors) == 3
