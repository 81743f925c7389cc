"""What a replay would do, and its cost, from the topics alone."""

import time

import pytest

from streams.audit.topic_admin import create_missing
from streams.events.topics import Topics
from streams.replay.making import Order, make_plan, topic_id
from streams.replay.plan import Plan, Selection
from streams.replay.store import load_plan, save
from streams.settings import Settings
from tests.audit.kafka_scene import publish
from tests.audit.scene import Scene, settings_of, topics_for

pytestmark = pytest.mark.kafka


@pytest.fixture
async def settings(kafka: str, namespace: str) -> Settings:
    """Two partitions of five tickets; offsets 0 and 2 are billing, 1 is technical."""
    settings = settings_of(namespace, kafka)
    await publish(Scene(topics_for(settings)), settings)
    return settings


async def test_a_range_by_offsets(settings: Settings) -> None:
    found = await make_plan(settings, Order("r", {0: 1, 1: 3}, until={0: 4}))
    assert found.plan.within[0] == range(1, 4)
    assert found.plan.within[1].start == 3
    assert found.tickets == 3 + 2
    assert 0 < found.cost.likely < found.cost.most
    assert found.plan.topic_id == await topic_id(settings, settings.input_topic) != ""


async def test_a_partition_that_is_not_named_is_left_alone(settings: Settings) -> None:
    assert list((await make_plan(settings, Order("r", {1: 0}))).plan.within) == [1]


async def test_a_range_by_time(settings: Settings) -> None:
    now = time.time()
    assert (await make_plan(settings, Order("r", now - 3600))).tickets == 10
    later = await make_plan(settings, Order("r", now + 3600))
    assert (later.tickets, later.plan.within, later.cost.most) == (0, {}, 0)
    assert not (await make_plan(settings, Order("r", 0.0, until=now - 3600))).plan.within


async def test_only_tickets_of_a_category(settings: Settings) -> None:
    found = await make_plan(settings, Order("r", {0: 1, 1: 0}, categories=["billing"]))
    assert found.plan.selected
    assert [(p, n) for p in (0, 1) for n in range(6) if (p, n) in found.plan.selection] == [
        (0, 2),
        (1, 0),
        (1, 2),
    ]
    assert (found.tickets, found.unwanted) == (3, 6)


async def test_a_plan_is_found_again_by_its_name(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    await create_missing(settings, Topics.of(settings), partitions=1)
    assert await load_plan(settings, "r") is None
    selection = Selection({0: set(range(0, 100, 2))})
    plan = Plan("r", settings.input_topic, "id", {0: range(100)}, None, True, 5, selection)
    await save(settings, plan)
    await save(settings, Plan("r2", settings.input_topic, "id", {0: range(1)}))
    found = await load_plan(settings, "r")
    assert found is not None
    assert found.as_json() == plan.as_json()
    assert list(found.selection.chunks()) == list(selection.chunks())
    other = await load_plan(settings, "r2")
    assert other is not None
    assert len(other.selection) == 0
