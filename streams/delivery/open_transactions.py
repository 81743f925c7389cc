"""Which producers have a transaction open in a partition, as its leader knows it (KIP-664).

Kafka's DescribeProducers, which aiokafka 0.14 does not speak: delete the requests when it does.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaError,
    LeaderNotAvailableError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

TEXT = CompactString("utf-8")

Open = Mapping[TopicPartition, Mapping[int, int]]
"""By partition, and there by producer id: the first offset of its transaction that has no end. A
partition is missing where Kafka does not tell: older than 2.8, or we may not read the topic."""

RETRY_SECONDS = 0.5


class DescribeProducersResponse_v0(Response):  # type: ignore[misc]  # noqa: N801
    """Every producer that wrote lately, by partition."""

    API_KEY = 61
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            CompactArray(
                ("name", TEXT),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("error_code", Int16),
                        ("error_message", TEXT),
                        (
                            "producers",
                            CompactArray(
                                ("producer_id", Int64),
                                ("producer_epoch", Int32),
                                ("last_sequence", Int32),
                                ("last_timestamp", Int64),
                                ("coordinator_epoch", Int32),
                                ("transaction_start", Int64),
                                ("tags", TaggedFields),
                            ),
                        ),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class DescribeProducersRequest_v0(RequestStruct):  # type: ignore[misc]  # noqa: N801
    """Asks a broker about partitions that it leads."""

    API_KEY = 61
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = DescribeProducersResponse_v0
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(
                ("name", TEXT), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)
            ),
        ),
        ("tags", TaggedFields),
    )


class DescribeProducersRequest(Request[DescribeProducersRequest_v0]):  # type: ignore[misc]
    """The producers of partitions that one broker leads."""

    API_KEY = 61

    def __init__(self, partitions: Iterable[TopicPartition]) -> None:
        self._topics: dict[str, list[int]] = defaultdict(list)
        for topic, number in partitions:
            self._topics[topic].append(number)

    def build(
        self, request_struct_class: type[DescribeProducersRequest_v0]
    ) -> DescribeProducersRequest_v0:
        """What goes over the wire."""
        no_tags: dict[int, bytes] = {}
        topics = [(topic, numbers, no_tags) for topic, numbers in self._topics.items()]
        return request_struct_class(topics, no_tags)


async def open_transactions(
    client: AIOKafkaClient, partitions: Collection[TopicPartition], within: float
) -> Open:
    """What is open in ``partitions``. Waits ``within`` seconds for their leaders.

    Raises KafkaError, and TimeoutError.
    """
    async with asyncio.timeout(within):
        while True:
            try:
                return await _ask(client, partitions)
            except KafkaError as error:
                if not error.retriable:
                    raise
                client.force_metadata_update()
                await asyncio.sleep(RETRY_SECONDS)


async def _ask(client: AIOKafkaClient, partitions: Collection[TopicPartition]) -> Open:
    by_leader: dict[int, list[TopicPartition]] = defaultdict(list)
    for tp in partitions:
        leader = client.cluster.leader_for_partition(tp)
        if leader is None or leader < 0:
            client.add_topic(tp.topic)
            raise LeaderNotAvailableError(tp)
        by_leader[leader].append(tp)
    found: dict[TopicPartition, Mapping[int, int]] = {}
    for leader, led in by_leader.items():
        try:
            answer = await client.send(leader, DescribeProducersRequest(led))
        except (IncompatibleBrokerVersion, NotImplementedError):
            continue
        for topic, numbers, _ in answer.topics:
            for number, code, _, producers, _ in numbers:
                if code == 0:
                    found[TopicPartition(topic, number)] = _starts(producers)
                elif code != TopicAuthorizationFailedError.errno:
                    raise for_code(code)(f"{topic}[{number}]")
    return found


def _starts(producers: Iterable[Sequence[int]]) -> dict[int, int]:
    return {producer: start for producer, *_, start, _ in producers if start >= 0}
