"""Producers of one worker ask about the cluster once for all of them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata

from streams.delivery.shared_metadata import share_metadata


class Answer:
    """Kafka's answer about one broker and a topic ``t`` of two partitions."""

    API_VERSION = 1
    controller_id = 1
    brokers = ((1, "127.0.0.1", 9, None),)
    topics = ((0, "t", False, [(0, number, 1, [1], [1]) for number in range(2)]),)


class Leader(AIOKafkaClient):  # type: ignore[misc]
    """Counts what it is asked, and learns the answer without a broker."""

    def __init__(self) -> None:
        super().__init__(bootstrap_servers="127.0.0.1:9")
        self.asked: list[set[str]] = []
        self._sync_task = asyncio.create_task(self._md_synchronizer())

    async def _metadata_update(self, cluster_metadata: ClusterMetadata, topics: set[str]) -> bool:
        self.asked.append(set(topics))
        cluster_metadata.update_metadata(Answer)
        return True


@pytest.fixture
async def leader() -> AsyncIterator[Leader]:
    leader = Leader()
    yield leader
    await leader.close()


def follower(leader: Leader) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1")
    share_metadata(producer.client, leader)
    return producer


async def test_what_one_has_learned_no_other_one_asks_for(leader: Leader) -> None:
    producers = [follower(leader) for _ in range(5)]
    for producer in producers:
        await producer.start()  # nobody listens there
        assert await producer.partitions_for("t") == {0, 1}
        await producer.client.add_topic("t")
        await producer.stop()
    assert leader.asked == [{"t"}]


async def test_what_is_learned_later_all_know(leader: Leader) -> None:
    early = follower(leader)
    await leader.set_topics(["t"])
    assert {b.nodeId for b in early.client.cluster.brokers()} == {1}
    # The producer's other parts hold the same picture, not one from before.
    assert early._metadata.partitions_for_topic("t") == {0, 1}
    assert early._message_accumulator._cluster.partitions_for_topic("t") == {0, 1}
    await early.stop()


async def test_a_lost_connection_of_any_of_them_is_asked_about_once(leader: Leader) -> None:
    producers = [follower(leader) for _ in range(5)]
    await leader.set_topics(["t"])
    looks = [producer.client.force_metadata_update() for producer in producers]
    assert await asyncio.gather(*looks) == [True] * 5
    assert len(leader.asked) == 2
    for producer in producers:
        await producer.client._maybe_wait_metadata()
        await producer.stop()
