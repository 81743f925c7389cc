"""What a replay would do, and its cost, from the topics alone."""

import time

import pytest

from streams.audit.topic_admin import MissingTopicError, create_missing
from streams.events.model import Ticket
from streams.events.sources import Place
from streams.events.topics import Topics
from streams.events.wire import encode_ticket
from streams.replay.making import Order, make_plan, topic_id
from streams.replay.plan import Plan, Selection
from streams.replay.store import load_plan, save
from streams.settings import Settings
from tests.audit.kafka_scene import create_topic, producer_for, publish, write
from tests.audit.scene import Scene, Written, settings_of, topics_for
from tests.replay.older import save_as_older

pytestmark = pytest.mark.kafka


@pytest.fixture
async def settings(kafka: str, namespace: str) -> Settings:
    """Two partitions of five tickets; offsets 0 and 2 are billing, 1 is technical."""
    settings = settings_of(namespace, kafka)
    await publish(Scene(topics_for(settings)), settings)
    return settings


def places(settings: Settings, offsets: dict[int, int]) -> dict[Place, int]:
    """Offsets by partition of the first input topic."""
    return {Place(settings.input_topic, p): offset for p, offset in offsets.items()}


async def test_a_range_by_offsets(settings: Settings) -> None:
    begin, until = places(settings, {0: 1, 1: 3}), places(settings, {0: 4})
    found = await make_plan(settings, Order("r", begin, until))
    home = settings.input_topic
    assert found.plan.within[Place(home, 0)] == range(1, 4)
    assert found.plan.within[Place(home, 1)].start == 3
    assert found.tickets == 3 + 2
    assert 0 < found.cost.likely < found.cost.most
    assert found.plan.topics == {home: await topic_id(settings, home)}
    assert found.plan.topics[home]


async def test_a_partition_that_is_not_named_is_left_alone(settings: Settings) -> None:
    found = await make_plan(settings, Order("r", places(settings, {1: 0})))
    assert [place.partition for place in found.plan.within] == [1]


async def test_a_range_by_time(settings: Settings) -> None:
    now = time.time()
    assert (await make_plan(settings, Order("r", now - 3600))).tickets == 10
    later = await make_plan(settings, Order("r", now + 3600))
    assert (later.tickets, later.plan.within, later.cost.most) == (0, {}, 0)
    assert list(later.plan.topics) == [settings.input_topic]
    assert not (await make_plan(settings, Order("r", 0.0, until=now - 3600))).plan.within


async def test_only_tickets_of_a_category(settings: Settings) -> None:
    begin = places(settings, {0: 1, 1: 0})
    found = await make_plan(settings, Order("r", begin, categories=["billing"]))
    assert found.plan.selected
    home = settings.input_topic
    assert [(p, n) for p in (0, 1) for n in range(6) if (home, p, n) in found.plan.selection] == [
        (0, 2),
        (1, 0),
        (1, 2),
    ]
    assert (found.tickets, found.unwanted) == (3, 6)


async def test_all_input_topics_that_have_something_in_the_range_or_those_asked_for(
    settings: Settings,
) -> None:
    home, mail, empty = (f"{settings.input_topic}{end}" for end in ("", "-mail", "-empty"))
    several = settings.model_copy(update={"input_topics": [mail, empty]})
    await create_topic(settings.bootstrap_servers, mail)
    await create_topic(settings.bootstrap_servers, empty)
    event = Written(mail, 1, b"k", encode_ticket(Ticket("m", "I was charged twice")))
    async with producer_for(settings, "mail") as producer, producer.transaction():
        await write(producer, [event, event])
    found = await make_plan(several, Order("r", 0.0))
    assert list(found.plan.topics) == [home, mail]
    assert found.plan.within[Place(mail, 1)].start == 0
    assert found.tickets == 10 + 2
    one = await make_plan(several, Order("r", 0.0, topics=[mail]))
    assert (list(one.plan.topics), one.tickets) == ([mail], 2)
    # Its tickets were all of the first topic, and it costs as much as both.
    for nowhere in (Order("r", 0.0, topics=["none"]), Order("r", {Place("none", 0): 3})):
        with pytest.raises(MissingTopicError, match="none"):
            await make_plan(several, nowhere)
    both = await make_plan(several, Order("r", {Place(home, 0): 0, Place(mail, 1): 1}))
    assert both.tickets == 5 + 1
    assert found.cost.likely > both.cost.likely > one.cost.likely > 0


async def test_a_plan_is_found_again_by_its_name(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    await create_missing(settings, Topics.of(settings), partitions=1)
    assert await load_plan(settings, "r") is None
    home, mail = Place(settings.input_topic, 0), Place("mail", 2)
    selection = Selection({home: set(range(0, 100, 2)), mail: {3}})
    within = {home: range(100), mail: range(7)}
    plan = Plan("r", {home.topic: "id", "mail": ""}, within, None, True, 5, selection)
    await save(settings, plan)
    await save(settings, Plan("r2", {home.topic: "id"}, {home: range(1)}))
    found = await load_plan(settings, "r")
    assert found is not None
    assert found.as_json() == plan.as_json()
    assert list(found.selection.chunks()) == list(selection.chunks())
    other = await load_plan(settings, "r2")
    assert other is not None
    assert len(other.selection) == 0


async def test_a_plan_that_an_older_version_wrote_is_found_with_what_it_selects(
    kafka: str, namespace: str
) -> None:
    settings = settings_of(namespace, kafka)
    selection = Selection({Place("t", 1): {3, 4, 9}})
    plan = Plan("r", {"t": "id"}, {Place("t", 1): range(2, 20)}, None, True, 5, selection)
    await create_topic(kafka, Topics.of(settings).replays, partitions=1)
    await save_as_older(settings, plan)
    found = await load_plan(settings, "r")
    assert found is not None
    assert found.as_json() == plan.as_json()
    assert list(found.selection.chunks()) == list(selection.chunks())
