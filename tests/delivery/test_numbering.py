"""Source numbers as workers write them down, several at the same time."""

import asyncio

import pytest
from aiokafka.admin import NewPartitions

from streams.audit.snapshot import read_topic
from streams.audit.topic_admin import MissingTopicError, create_missing, open_admin, widen
from streams.delivery.numbering import number_sources
from streams.events.sources import Place, encode
from streams.events.topics import Topics
from streams.settings import load_settings
from tests.audit.kafka_scene import create_topic
from tests.audit.scene import settings_of

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


async def test_one_topic_is_not_numbered(kafka: str, namespace: str) -> None:
    settings = settings_of(namespace, kafka)
    await create_topic(kafka, settings.input_topic, 2)
    sources = await number_sources(settings, Topics.of(settings))
    assert not sources.several


async def test_workers_that_start_together_agree_and_later_ones_keep_to_it(
    kafka: str, namespace: str
) -> None:
    home, mail = f"{namespace}-tickets", f"{namespace}-mail"
    settings = load_settings(
        bootstrap_servers=kafka, app_id=namespace, input_topic=home, input_topics=[mail]
    )
    topics = Topics.of(settings)
    await create_topic(kafka, home, 1)
    await create_topic(kafka, mail, 2)
    with pytest.raises(MissingTopicError, match=topics.sources):
        await number_sources(settings, topics)
    await create_missing(settings, topics)
    found = await asyncio.gather(*(number_sources(settings, topics) for _ in range(3)))
    wanted = {Place(home, 0): 0, Place(mail, 0): 1, Place(mail, 1): 2}
    assert [{p: one.number(*p) for p in wanted} for one in found] == [wanted] * 3

    async with open_admin(kafka) as admin:
        await admin.create_partitions({home: NewPartitions(2)})
    both = await asyncio.gather(*(number_sources(settings, topics) for _ in range(2)))
    assert {one.number(home, 1) for one in both} == {3}
    written = [r.key async for r in read_topic(kafka, topics.sources)]
    assert sorted(written) == sorted(encode(p, 0)[0] for p in [*wanted, Place(home, 1)])
    assert topics.calls in await widen(settings, topics)

    # Who names one topic again still keeps to what is written down.
    alone = Topics.of(settings.model_copy(update={"input_topics": ()}))
    assert (await number_sources(settings, alone)).number(home, 1) == 3
