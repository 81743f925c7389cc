import asyncio
import time
from dataclasses import replace

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from streams.audit.snapshot import open_snapshot
from streams.audit.tables import Recomputed
from streams.audit.topic_admin import MissingTopicError, UnreachableError, create_missing
from streams.audit.verify import collect, gone_before, verify
from streams.events.topics import DAY_MS
from tests.audit.kafka_scene import abort, create_topic, producer_for, publish, write
from tests.audit.scene import WINDOW, Scene, Written, settings_of, topics_for
from tests.audit.tampers import NAMED_IN_KAFKA, TAMPERS

pytestmark = pytest.mark.kafka


async def test_an_honest_installation_keeps_every_promise(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    scene = Scene(topics_for(settings))
    await publish(scene, settings)
    report = await verify(settings, scene.topics)
    assert report.ok, report
    assert (report.tickets, report.unfinished, report.moving) == (10, 2, 0)
    assert report.check("spend").found == scene.settled


@pytest.mark.parametrize("name", NAMED_IN_KAFKA)
async def test_what_is_wrong_is_named(kafka: str, namespace: str, name: str) -> None:
    settings = settings_of(namespace, kafka)
    scene = Scene(topics_for(settings))
    [tamper] = [tamper for tamper in TAMPERS if tamper.name == name]
    tamper.apply(scene)
    await publish(scene, settings)
    report = await verify(settings, scene.topics)
    assert {check.name for check in report.checks if not check.ok} == set(tamper.checks)
    assert any(tamper.culprit in c for c in report.check(tamper.checks[0]).culprits)


async def test_tickets_of_a_removed_category_are_not_lost(kafka: str, namespace: str) -> None:
    before = settings_of(namespace, kafka)
    scene = Scene(topics_for(before))
    await publish(scene, before)
    await create_topic(kafka, f"{before.input_topic}.somebody-elses")
    left = tuple(one for one in before.categories if one.name != "technical")
    moved = tuple(
        replace(one, topic=f"{namespace}-elsewhere") if one.name == "billing" else one
        for one in left
    )
    settings = before.model_copy(update={"categories": moved})
    topics = topics_for(settings)
    assert "technical" not in topics.categories
    await create_missing(settings, topics, partitions=2)
    report = await verify(settings, topics)
    assert report.ok, report
    assert report.check("lost").found == 8


async def test_a_former_topic_of_another_name_must_be_named(kafka: str, namespace: str) -> None:
    now = settings_of(namespace, kafka)
    old = f"{namespace}-finance"
    before = now.model_copy(
        update={
            "categories": tuple(
                replace(one, topic=old) if one.name == "billing" else one for one in now.categories
            )
        }
    )
    await publish(Scene(topics_for(before)), before)
    topics = topics_for(now)
    await create_missing(now, topics, partitions=2)
    assert (await verify(now, topics)).check("lost").failures == 4
    evidence = await collect(now, topics, former_topics=[old])
    assert evidence.report().ok


async def test_another_category_in_a_former_topic_is_misplaced(kafka: str, namespace: str) -> None:
    before = settings_of(namespace, kafka)
    scene = Scene(topics_for(before))
    i = next(
        i for i, r in enumerate(scene.outputs) if r.topic == scene.topics.categories["billing"]
    )
    scene.outputs[i] = replace(scene.outputs[i], topic=scene.topics.categories["technical"])
    await publish(scene, before)
    left = tuple(one for one in before.categories if one.name != "technical")
    settings = before.model_copy(update={"categories": left})
    report = await verify(settings, topics_for(settings))
    assert {check.name for check in report.checks if not check.ok} == {"topics"}
    assert "tickets.technical[" in report.check("topics").culprits[0]


async def test_installations_that_share_a_topic_are_judged_one_by_one(
    kafka: str, namespace: str
) -> None:
    """These records are of before they said whose they are: their input topic tells."""
    both = [
        settings_of(f"{namespace}-{name}", kafka).model_copy(
            update={"output_topic": f"{namespace}-routed"}
        )
        for name in ("a", "b")
    ]
    for settings in both:
        await publish(Scene(topics_for(settings)), settings)
    for settings in both:
        report = await verify(settings, topics_for(settings))
        assert report.ok, report
        assert (report.tickets, report.others) == (10, 6)


async def test_it_tells_how_far_it_is(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    scene = Scene(topics_for(settings))
    await publish(scene, settings)
    told: list[tuple[int, int]] = []
    await collect(settings, scene.topics, lambda passed, expected: told.append((passed, expected)))
    assert told == sorted(told)
    # Markers of transactions and aborted records count; what is buffered is not told twice.
    assert told[-1][0] == told[-1][1] > len(scene.inputs) + len(scene.outputs)


async def test_it_waits_for_a_transaction_that_is_open(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    scene = Scene(topics_for(settings))
    await publish(scene, settings)
    async with producer_for(settings, "open") as producer:
        await producer.begin_transaction()
        await write(producer, [scene.outputs[0]])
        checking = asyncio.create_task(verify(settings, scene.topics))
        done, _ = await asyncio.wait([checking], timeout=1)
        assert not done
        await producer.commit_transaction()
    report = await checking
    assert report.check("call_ids").failures == 1


async def test_before_the_first_commit_nothing_is_lost(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    topics = topics_for(settings)
    await create_missing(settings, topics, partitions=2)
    async with producer_for(settings, "test") as producer, producer.transaction():
        await write(producer, Scene(topics).inputs)
    report = await verify(settings, topics)
    assert report.ok
    assert (report.tickets, report.unfinished) == (10, 10)


async def test_a_missing_topic_is_named(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    with pytest.raises(MissingTopicError, match=f"{namespace}-tickets: run ticket-streams"):
        await verify(settings, topics_for(settings))


async def test_an_address_without_kafka_names_the_setting() -> None:
    settings = settings_of("nowhere", "127.0.0.1:1")
    with pytest.raises(UnreachableError, match="KAFKA_BOOTSTRAP_SERVERS"):
        await verify(settings, topics_for(settings))


async def test_while_workers_run_nothing_is_called_wrong(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    scene = Scene(topics_for(settings))
    await create_missing(settings, scene.topics, partitions=2)
    async with producer_for(settings, "input") as producer, producer.transaction():
        await write(producer, (scene.ticket(p, i) for i in range(2_000) for p in (0, 1)))
    stop = asyncio.Event()

    async def work(partition: int) -> int:
        """One ticket a transaction, as fast as it goes."""
        done, tables = 0, Recomputed(WINDOW)
        async with producer_for(settings, f"worker-{partition}") as producer:
            while not stop.is_set():
                records = list(scene.work(partition, done, tables))
                done += 1
                async with producer.transaction():
                    await write(producer, records)
                    offset = {TopicPartition(scene.topics.input, partition): done}
                    await producer.send_offsets_to_transaction(offset, settings.app_id)
        return done

    workers = [asyncio.create_task(work(partition)) for partition in (0, 1)]
    try:
        reports = [await verify(settings, scene.topics) for _ in range(4)]
    finally:
        stop.set()
        done = sum(await asyncio.gather(*workers))
    assert all(report.ok for report in reports), reports
    assert any(report.moving for report in reports)
    report = await verify(settings, scene.topics)
    assert report.ok, report
    assert report.check("lost").found == done > 20
    assert report.moving == 0


async def test_retention_tells_how_far_back_records_are_there(kafka: str, namespace: str) -> None:
    await create_topic(kafka, namespace)
    async with producer_for(settings_of(namespace, kafka), "test") as producer:
        await abort(producer, [Written(namespace, 0, None, b"old")])
    async with open_snapshot(kafka) as snapshot:
        assert await gone_before(snapshot, [namespace]) == 0
        await snapshot.admin.delete_records({TopicPartition(namespace, 0): RecordsToDelete(1)})
        age = time.time() * 1000 - await gone_before(snapshot, [namespace])
        assert age == pytest.approx(6 * DAY_MS, abs=60_000)  # 7 days by default, less one
