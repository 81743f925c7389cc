import asyncio
from dataclasses import replace
from math import lcm

import pytest
from aiokafka.admin import NewTopic

from streams.audit.topic_admin import (
    MissingTopicError,
    create_missing,
    open_admin,
    wait_until_known,
)
from streams.doctor.topic_checks import check_topics
from streams.doctor.topic_facts import read_topics
from streams.doctor.topic_plan import (
    MendError,
    Plan,
    carry_out,
    moved_share,
    plan_to_grow,
    plan_to_mend,
)
from tests.audit.scene import settings_of, topics_for
from tests.doctor.scene import TOPICS, sound, spoilt


def test_sound_topics_need_nothing() -> None:
    plan = plan_to_mend(TOPICS, sound())
    assert not plan
    assert [*plan.steps()] == []


def test_each_step_is_told() -> None:
    facts = spoilt(TOPICS.done, "retention.ms", "1000")
    facts[TOPICS.spend] = replace(facts[TOPICS.spend], partitions=2)
    del facts[TOPICS.calls]
    assert [*plan_to_mend(TOPICS, facts).steps()] == [
        f"create {TOPICS.calls} with 8 partitions",
        f"set retention.ms=2592000000 on {TOPICS.done}",
        f"widen {TOPICS.spend} from 2 to 8 partitions",
    ]


@pytest.mark.parametrize(
    ("replication", "found", "due"), [(3, "4", "2"), (3, "3", "2"), (3, "1", "2"), (2, "2", "1")]
)
def test_writes_are_to_survive_one_broker_and_to_go_on_without_it(
    replication: int, found: str, due: str
) -> None:
    facts = spoilt(TOPICS.calls, "min.insync.replicas", found)
    facts = {name: replace(topic, replication=3) for name, topic in facts.items()}
    facts[TOPICS.calls] = replace(facts[TOPICS.calls], replication=replication)
    plan = plan_to_mend(TOPICS, facts)
    assert plan.configure == {TOPICS.calls: {"min.insync.replicas": due}}


def test_the_inputs_own_options_are_left_to_its_owner() -> None:
    assert not plan_to_mend(TOPICS, spoilt(TOPICS.input, "cleanup.policy", "compact"))


def test_the_input_grows_last() -> None:
    widen = plan_to_grow(TOPICS, sound(), 12).widen
    assert [*widen][-1] == TOPICS.input
    assert widen == dict.fromkeys(
        [TOPICS.done, TOPICS.intents, TOPICS.calls, TOPICS.spend, TOPICS.errors, TOPICS.input],
        (8, 12),
    )
    assert not plan_to_grow(TOPICS, sound(), 8)


def test_partitions_cannot_be_taken_away() -> None:
    with pytest.raises(MendError, match="tickets has 8 partitions, and Kafka takes none away"):
        plan_to_grow(TOPICS, sound(), 4)


def test_without_an_input_there_is_nothing_to_go_by() -> None:
    facts = sound()
    del facts[TOPICS.input]
    with pytest.raises(MissingTopicError):
        plan_to_mend(TOPICS, facts)


@pytest.mark.parametrize(("before", "after"), [(8, 16), (8, 12), (3, 4), (4, 4), (1, 5)])
def test_the_share_of_keys_that_move_is_that_of_hashes(before: int, after: int) -> None:
    hashes = range(lcm(before, after))
    moved = sum(number % before != number % after for number in hashes)
    assert moved_share(before, after) == pytest.approx(moved / len(hashes))


@pytest.mark.kafka
async def test_kafka_is_mended_and_what_others_have_set_stays(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    topics = topics_for(settings)
    names = [topics.input, *(spec.name for spec in topics.specs())]
    spoilt_config = {"cleanup.policy": "delete", "compression.type": "zstd"}
    async with open_admin(kafka) as admin:
        await admin.create_topics([NewTopic(topics.spend, 1, 1, topic_configs=spoilt_config)])
        await wait_until_known(admin, [topics.spend])
        await create_missing(settings, topics, partitions=3)
        plan = plan_to_mend(topics, await read_topics(admin, names))
        assert plan.widen == {topics.spend: (1, 3)}
        assert plan.configure[topics.spend]["cleanup.policy"] == "compact"
        await carry_out(admin, topics, plan)
        facts = await read_topics(admin, names)
        assert facts[topics.spend].own["compression.type"] == "zstd"
        assert [finding.level for finding in check_topics(topics, facts, 1)] == ["ok"]
        assert not plan_to_mend(topics, facts)


@pytest.mark.kafka
async def test_growing_twice_at_once_is_growing_once(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    topics = topics_for(settings)
    await create_missing(settings, topics, partitions=2)
    names = [topics.input, *(spec.name for spec in topics.specs())]
    async with open_admin(kafka) as admin:
        plan = plan_to_grow(topics, await read_topics(admin, names), 5)
        await asyncio.gather(carry_out(admin, topics, plan), carry_out(admin, topics, plan))
        facts = await read_topics(admin, names)
    assert {facts[name].partitions for name in plan.widen} == {5}


@pytest.mark.kafka
async def test_what_kafka_refuses_is_told_with_its_topic(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    topics = topics_for(settings)
    await create_missing(settings, topics, partitions=1)
    wrong = Plan(configure={topics.done: {"retention.ms": "much"}})
    async with open_admin(kafka) as admin:
        with pytest.raises(MendError, match=f"topic {topics.done} was not configured"):
            await carry_out(admin, topics, wrong)
