import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.client import AIOKafkaClient

from streams.audit.snapshot import learn, open_consumer, open_snapshot, place, read_topic
from streams.audit.topic_admin import MissingTopicError, UnreachableError, open_admin
from tests.audit.kafka_scene import abort, create_topic, producer_for, write
from tests.audit.scene import Written, settings_of

pytestmark = pytest.mark.kafka


def values(topic: str, *numbers: int) -> list[Written]:
    return [Written(topic, n % 2, None, str(n).encode()) for n in numbers]


async def numbers_in(bootstrap: str, *topics: str) -> list[int]:
    return sorted([int(r.value or b"") async for r in read_topic(bootstrap, *topics)])


async def test_it_reads_all_partitions_and_no_aborted_record(kafka: str, namespace: str) -> None:
    await create_topic(kafka, namespace)
    async with producer_for(settings_of(namespace, kafka), "test") as producer:
        await abort(producer, values(namespace, 97, 98))
        async with producer.transaction():
            await write(producer, values(namespace, *range(50)))
        await abort(producer, values(namespace, 99, 100))
    assert await numbers_in(kafka, namespace) == list(range(50))


async def test_uncommitted_reading_sees_aborted_records(kafka: str, namespace: str) -> None:
    await create_topic(kafka, namespace)
    async with producer_for(settings_of(namespace, kafka), "test") as producer:
        await abort(producer, values(namespace, 1, 2))
    seen = [r.value async for r in read_topic(kafka, namespace, isolation="read_uncommitted")]
    assert sorted(seen) == [b"1", b"2"]


async def test_committed_reading_ends_before_an_open_transaction(
    kafka: str, namespace: str
) -> None:
    await create_topic(kafka, namespace)
    async with (
        producer_for(settings_of(namespace, kafka), "done") as done,
        producer_for(settings_of(namespace, kafka), "open") as opened,
    ):
        async with done.transaction():
            await write(done, values(namespace, 1, 2))
        await abort(done, values(namespace, 5, 6))
        await opened.begin_transaction()
        await write(opened, values(namespace, 3, 4))
        assert await numbers_in(kafka, namespace) == [1, 2]
        await opened.abort_transaction()


async def test_a_topic_with_nothing_but_markers_has_no_records(kafka: str, namespace: str) -> None:
    await create_topic(kafka, namespace)
    assert await numbers_in(kafka, namespace) == []
    async with producer_for(settings_of(namespace, kafka), "test") as producer:
        await abort(producer, values(namespace, 1))
    assert await numbers_in(kafka, namespace) == []


async def test_a_topic_without_its_head_is_read_from_what_is_left(
    kafka: str, namespace: str
) -> None:
    await create_topic(kafka, namespace)
    partitions = [TopicPartition(namespace, number) for number in (0, 1)]
    async with producer_for(settings_of(namespace, kafka), "test") as producer:
        async with producer.transaction():
            await write(producer, values(namespace, *range(20)))
        await abort(producer, values(namespace, 98, 99))
    async with open_snapshot(kafka) as snapshot:
        ends = await snapshot.written([namespace])
        assert len([r async for r in snapshot.read(ends)]) == 20
        # Everything of the second, the markers too.
        before = {partitions[0]: 5, partitions[1]: ends[partitions[1]]}
        async with open_admin(kafka) as admin:
            await admin.delete_records({tp: RecordsToDelete(o) for tp, o in before.items()})
        assert await snapshot.starts([namespace]) == before
    assert await numbers_in(kafka, namespace) == [10, 12, 14, 16, 18]


async def test_reading_can_go_on_where_it_ended(kafka: str, namespace: str) -> None:
    await create_topic(kafka, namespace)
    async with (
        producer_for(settings_of(namespace, kafka), "test") as producer,
        open_snapshot(kafka) as snapshot,
    ):
        async with producer.transaction():
            await write(producer, values(namespace, 0, 1))
        first = await snapshot.written([namespace])
        async with producer.transaction():
            await write(producer, values(namespace, 2, 3))
        last = await snapshot.written([namespace])
        assert sorted([r.value async for r in snapshot.read(first)]) == [b"0", b"1"]
        rest = [r async for r in snapshot.read(last, starts=first)]
        assert sorted(r.value for r in rest) == [b"2", b"3"]
        assert {place(r) for r in rest} == {f"{namespace}[0]@2", f"{namespace}[1]@2"}
        assert [r async for r in snapshot.read(last, starts=last)] == []


async def test_a_missing_topic_is_named_and_not_created(kafka: str, namespace: str) -> None:
    for _ in range(2):
        with pytest.raises(MissingTopicError, match=namespace):
            await numbers_in(kafka, namespace)


async def test_an_address_without_kafka_is_named() -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"):
        await numbers_in("127.0.0.1:1", "any")


async def test_many_topics_are_asked_about_at_once(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other, with 100 ms between, they took two seconds of every worker's start."""
    topics = [f"{namespace}-{number}" for number in range(12)]
    for topic in topics:
        await create_topic(kafka, topic, 1)
    asked: list[object] = []
    ask = AIOKafkaClient._metadata_update

    async def count(self: AIOKafkaClient, metadata: object, topics: object) -> object:
        asked.append(topics)
        return await ask(self, metadata, topics)

    async with open_consumer(kafka, "read_committed") as consumer:
        monkeypatch.setattr(AIOKafkaClient, "_metadata_update", count)
        await learn(consumer, topics)
        ends = await consumer.end_offsets([TopicPartition(topic, 0) for topic in topics])
    assert len(ends) == 12
    assert len(asked) <= 2


async def test_what_aiokafka_calls_the_end_is_the_end_of_finished_transactions(
    kafka: str, namespace: str
) -> None:
    await create_topic(kafka, namespace)
    tp = TopicPartition(namespace, 0)
    ends = {}
    async with producer_for(settings_of(namespace, kafka), "open") as producer:
        await producer.begin_transaction()
        await write(producer, values(namespace, 0))
        for isolation in ("read_committed", "read_uncommitted"):
            consumer = AIOKafkaConsumer(bootstrap_servers=kafka, isolation_level=isolation)
            await consumer.start()
            ends[isolation] = (await consumer.end_offsets([tp]))[tp]
            await consumer.stop()
        await producer.abort_transaction()
    assert ends == {"read_committed": 0, "read_uncommitted": 1}
