import asyncio
from contextlib import AsyncExitStack

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata

from streams.audit import topic_admin
from streams.audit.topic_admin import (
    TopicCreationError,
    TopicState,
    UnreachableError,
    check,
    create_missing,
    describe,
    open_admin,
    widen,
)
from tests.audit.kafka_scene import create_topic
from tests.audit.scene import settings_of, topics_for

pytestmark = pytest.mark.kafka


async def test_everything_is_created_once(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    topics = topics_for(settings)
    every = {topics.input, *(spec.name for spec in topics.specs())}
    assert set(await create_missing(settings, topics, partitions=3)) == every
    assert await create_missing(settings, topics, partitions=3) == []
    states = await describe(settings, topics)
    assert {state.name for state in states} == every
    assert all(state.status == "ok" and state.partitions == 3 for state in states)
    assert await check(settings, topics) == []


async def test_topics_follow_an_input_topic_that_is_there(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    topics = topics_for(settings)
    await create_topic(kafka, topics.input, 2)
    assert topics.input not in await create_missing(settings, topics, partitions=5)
    assert {state.partitions for state in await describe(settings, topics)} == {2}


async def test_the_configuration_of_a_topic_is_set(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    topics = topics_for(settings)
    await create_missing(settings, topics, partitions=1)
    async with open_admin(kafka) as admin:
        asked = ConfigResource(ConfigResourceType.TOPIC, topics.spend)
        [answer] = await admin.describe_configs([asked])
    config = {name: value for name, value, *_ in answer.resources[0][4]}
    assert config["cleanup.policy"] == "compact"


async def test_missing_topics_and_wrong_counts_are_told_in_a_line_each(
    kafka: str, namespace: str
) -> None:
    settings = settings_of(namespace, kafka)
    topics = topics_for(settings)
    await create_topic(kafka, topics.input, 4)
    await create_topic(kafka, topics.calls, 3)
    problems = await check(settings, topics)
    assert f"there is no topic {topics.done}: run ticket-streams topics --create" in problems
    assert f"topic {topics.calls} has 3 partitions and needs the 4 of {topics.input}" in problems
    assert not [line for line in problems if "\n" in line]


async def test_a_category_topic_may_have_any_number_of_partitions(
    kafka: str, namespace: str
) -> None:
    settings = settings_of(namespace, kafka)
    topics = topics_for(settings)
    await create_topic(kafka, topics.categories["billing"], 1)
    await create_missing(settings, topics, partitions=3)
    assert await check(settings, topics) == []


async def test_what_is_narrower_than_the_input_is_widened_once(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    topics = topics_for(settings)
    await create_topic(kafka, topics.input, 4)
    await create_topic(kafka, topics.calls, 3)
    await create_topic(kafka, topics.done, 5)  # left from an input that had more
    await create_topic(kafka, topics.categories["billing"], 1)
    await create_missing(settings, topics)
    both = await asyncio.gather(widen(settings, topics), widen(settings, topics))
    assert topics.calls in both[0] + both[1]
    assert await widen(settings, topics) == []
    counts = {state.name: state.partitions for state in await describe(settings, topics)}
    assert (counts[topics.calls], counts[topics.done]) == (4, 5)
    assert counts[topics.categories["billing"]] == 1
    assert await check(settings, topics) == []


async def test_what_kafka_refuses_is_told(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    with pytest.raises(TopicCreationError, match=f"topic {namespace}-tickets was not created"):
        await create_missing(settings, topics_for(settings), replication=5)


async def test_an_address_without_kafka_is_a_problem_that_names_the_setting() -> None:
    settings = settings_of("nowhere", "127.0.0.1:1")
    [problem] = await check(settings, topics_for(settings))
    assert "KAFKA_BOOTSTRAP_SERVERS" in problem
    with pytest.raises(UnreachableError):
        await describe(settings, topics_for(settings))


def test_the_status_of_a_topic() -> None:
    assert TopicState("t", None, 3).status == "missing"
    assert TopicState("t", 2, 3).status == "wrong partition count"
    assert TopicState("t", 4, 3).status == "ok"
    assert TopicState("t", 2).status == "ok"


@pytest.mark.parametrize(("late", "known"), [(2, True), (1_000, False)])
async def test_a_broker_that_does_not_count_itself_yet_is_waited_for(
    kafka: str, monkeypatch: pytest.MonkeyPatch, late: int, known: bool
) -> None:
    """As for a moment after its start, or after a pause that its controller has noticed."""
    asked = 0
    brokers = ClusterMetadata.brokers

    def brokers_later(cluster: ClusterMetadata) -> object:
        nonlocal asked
        asked += 1
        return brokers(cluster) if asked > late else set()

    async def updated(_: AIOKafkaClient) -> bool:
        return True

    monkeypatch.setattr(topic_admin, "BROKER_POLL_SECONDS", 0.001)
    monkeypatch.setattr(topic_admin, "BROKER_SECONDS", 0.2)
    async with AsyncExitStack() as stack:
        monkeypatch.setattr(ClusterMetadata, "brokers", brokers_later)
        monkeypatch.setattr(AIOKafkaClient, "force_metadata_update", updated)
        if not known:
            with pytest.raises(UnreachableError, match="names no broker"):
                await stack.enter_async_context(open_admin(kafka))
            return
        admin = await stack.enter_async_context(open_admin(kafka))
        monkeypatch.undo()
        assert await admin.describe_topics() is not None
        assert asked > late
