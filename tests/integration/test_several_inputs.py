"""Several input topics in one installation: nothing lost, nothing paid twice, the books exact."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from aiokafka.admin import NewPartitions

from streams.audit.numbering import read_sources
from streams.audit.snapshot import read_topic
from streams.audit.topic_admin import open_admin, partition_counts
from streams.events.sources import Place
from streams.events.wire import decode_call, decode_routed
from tests.audit.kafka_scene import create_topic
from tests.stack import Stack, running_stack

PATIENT: Mapping[str, object] = {"session_timeout": 20.0}
"""A worker that stands still for 40% of it ends itself, and on a loaded machine some do."""

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(300)]


async def numbers(stack: Stack) -> dict[Place, int | None]:
    """Those that are written down."""
    async with open_admin(stack.settings.kafka) as admin:
        counts = await partition_counts(admin)
    sources = await read_sources(stack.settings.kafka, stack.topics, counts)
    return {
        Place(topic, partition): sources.number(topic, partition)
        for topic in stack.topics.inputs(counts)
        for partition in range(counts[topic])
    }


async def where_they_came_from(stack: Stack) -> Counter[Place]:
    """Routed tickets by what their values and, all the same, their headers say."""
    found: Counter[Place] = Counter()
    async for record in read_topic(stack.settings.bootstrap_servers, *stack.topics.outputs):
        source = decode_routed(record.value).source
        told = dict(record.headers)
        assert told["ticket-streams.source.topic"].decode() == source.topic
        assert int(told["ticket-streams.source.partition"]) == source.partition
        found[Place(source.topic, source.partition)] += 1
    return found


async def calls_are_where_their_numbers_say(stack: Stack) -> bool:
    given = await numbers(stack)
    calls = read_topic(stack.settings.bootstrap_servers, stack.topics.calls)
    async for record in calls:
        call = decode_call(record.value)
        if given[Place(call.source_topic, call.source_partition)] != record.partition:
            return False
    return True


async def test_two_topics_survive_a_kill_and_the_first_one_growing(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    mail = f"{namespace}-mail"
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.05}, input_topics=[mail], max_calls=10, **PATIENT
    ) as stack:
        home = stack.topics.input
        await create_topic(kafka, mail, 3)
        await stack.create_topics(partitions=2)
        await stack.send_samples(80, seed=1)
        await stack.send_samples(80, seed=2, topic=mail)
        worker = stack.worker()
        stack.until("it calls", lambda: stack.calls() > 30)
        worker.kill()
        # While nobody works the first topic grows: its own numbers 2 and 3 are taken by now.
        async with open_admin(stack.settings.kafka) as admin:
            await admin.create_partitions({home: NewPartitions(4)})
        await stack.send_samples(60, seed=3)
        worker = stack.worker()
        report = await stack.until_finished(220, timeout=150)
        assert worker.stop() == 0, stack.logs()
        assert (report.tickets, report.lost, report.duplicates) == (220, 0, 0)
        assert await stack.broken_promises(strict=False) == []
        given = await numbers(stack)
        assert [given[Place(home, p)] for p in range(4)] == [0, 1, 5, 6]
        assert [given[Place(mail, p)] for p in range(3)] == [2, 3, 4]
        assert await calls_are_where_their_numbers_say(stack)
        came = await where_they_came_from(stack)
        assert set(came) <= set(given)
        assert sum(n for place, n in came.items() if place.topic == mail) > 60
        async with open_admin(stack.settings.kafka) as admin:
            assert (await partition_counts(admin))[stack.topics.done] == 7


async def test_a_topic_that_a_pattern_matches_is_read_when_it_is_made(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    early, late = f"{namespace}-desk.eu", f"{namespace}-desk.us"
    pattern = rf"^{namespace}-desk\."
    with running_stack(
        kafka, namespace, tmp_path, {"latency": 0.02}, input_topics=[pattern], **PATIENT
    ) as stack:
        await create_topic(kafka, early, 1)
        await stack.create_topics(partitions=1)
        await stack.send_samples(30, seed=1, topic=early)
        worker = stack.worker()
        await stack.until_finished(30, timeout=150)
        await create_topic(kafka, late, 2)
        await stack.send_samples(40, seed=2, topic=late)
        await stack.send_samples(30, seed=3)
        report = await stack.until_finished(100, timeout=150)
        assert worker.stop() == 0, stack.logs()
        assert (report.tickets, report.lost, report.duplicates) == (100, 0, 0)
        assert await stack.broken_promises(strict=True) == []
        came = {place.topic for place in await where_they_came_from(stack)}
        assert came == {stack.topics.input, early, late}
        assert worker.said(late)
