"""What Kafka lets us do, asked of Kafka itself: no right on the cluster is needed to ask.

Topics and groups tell the operations that the asker may do on them (KIP-430, Kafka 2.3). For
transactional ids there is no such question; but who may not use one may not see its coordinator.
aiokafka 0.14 does not speak these versions: delete the requests here when it does.
"""

from collections.abc import Collection, Iterable, Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.types import Array, Boolean, Bytes, Int16, Int32, Schema, String

from streams.access.acls import Acl, Operation
from streams.audit.group import coordinator_of
from streams.audit.topic_admin import ask

# Kafka's numbers of the operations (AclOperation.java): the places of their bits.
BITS: dict[Operation, int] = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Delete": 6,
    "Alter": 7,
    "Describe": 8,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
}
TRANSACTION = 1
"""FindCoordinator: of a transactional id, not of a group."""
TEXT = String("utf-8")


class MetadataResponse_v8(Response):  # type: ignore[misc]  # noqa: N801
    """The topics, with what may be done on each."""

    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node_id", Int32), ("host", TEXT), ("port", Int32), ("rack", TEXT))),
        ("cluster_id", TEXT),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("name", TEXT),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline", Array(Int32)),
                    ),
                ),
                ("operations", Int32),
            ),
        ),
        ("operations", Int32),
    )


class MetadataRequest_v8(RequestStruct):  # type: ignore[misc]  # noqa: N801
    """Asks for topics by name."""

    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = MetadataResponse_v8
    SCHEMA = Schema(
        ("topics", Array(TEXT)),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class TopicRightsRequest(Request[MetadataRequest_v8]):  # type: ignore[misc]
    """Of topics by name, none of which is created by being asked for."""

    API_KEY = 3

    def __init__(self, topics: Collection[str]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[MetadataRequest_v8]) -> MetadataRequest_v8:
        """What goes over the wire."""
        return request_struct_class(self._topics, False, False, True)


class DescribeGroupsResponse_v3(Response):  # type: ignore[misc]  # noqa: N801
    """The group, with what may be done on it."""

    API_KEY = 15
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "groups",
            Array(
                ("error_code", Int16),
                *((name, TEXT) for name in ("group", "state", "protocol_type", "protocol")),
                (
                    "members",
                    Array(
                        *((name, TEXT) for name in ("member_id", "client_id", "client_host")),
                        ("member_metadata", Bytes),
                        ("member_assignment", Bytes),
                    ),
                ),
                ("operations", Int32),
            ),
        ),
    )


class DescribeGroupsRequest_v3(RequestStruct):  # type: ignore[misc]  # noqa: N801
    """Asks for a group."""

    API_KEY = 15
    API_VERSION = 3
    RESPONSE_TYPE = DescribeGroupsResponse_v3
    SCHEMA = Schema(("groups", Array(TEXT)), ("include_authorized_operations", Boolean))


class GroupRightsRequest(Request[DescribeGroupsRequest_v3]):  # type: ignore[misc]
    """Of one group, at its coordinator."""

    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(
        self, request_struct_class: type[DescribeGroupsRequest_v3]
    ) -> DescribeGroupsRequest_v3:
        """What goes over the wire."""
        return request_struct_class([self._group], True)


async def missing(admin: AIOKafkaAdminClient, needed: Iterable[Acl]) -> list[Acl]:
    """Those of ``needed`` that we are not allowed, as far as Kafka tells. Raises KafkaError.

    Topics that do not exist are taken for allowed: Kafka does not tell. So is everything on a Kafka
    that is too old to be asked.
    """
    every = list(needed)
    topics = {acl.name for acl in every if acl.resource == "topic"}
    try:
        may = await _topics(admin, topics) if topics else {}
    except NotImplementedError:
        may = {}
    return [acl for acl in every if not await _allowed(admin, acl, may)]


async def _allowed(admin: AIOKafkaAdminClient, acl: Acl, topics: Mapping[str, int | None]) -> bool:
    if acl.resource == "group":
        return await _group(admin, acl)
    if acl.resource == "transactional-id":
        return await _transactions(admin, acl)
    return _has(topics.get(acl.name), acl.operation)


def _has(operations: int | None, operation: Operation) -> bool:
    return operations is None or bool(operations >> BITS[operation] & 1)


async def _topics(admin: AIOKafkaAdminClient, names: Collection[str]) -> dict[str, int | None]:
    """The operations allowed on each topic, as bits; None where there is no such topic."""
    answer = await ask(admin, TopicRightsRequest(names))
    found: dict[str, int | None] = {}
    for code, name, _, _, operations in answer.topics:
        if code == TopicAuthorizationFailedError.errno:
            found[name] = 0  # not even Describe
        else:
            found[name] = operations if code == 0 else None
    return found


async def _group(admin: AIOKafkaAdminClient, acl: Acl) -> bool:
    try:
        coordinator = await coordinator_of(admin, acl.name)
        answer = await ask(admin, GroupRightsRequest(acl.name), coordinator)
    except GroupAuthorizationFailedError:
        return False
    except NotImplementedError:
        return True
    [(code, *_, operations)] = answer.groups
    if code == GroupAuthorizationFailedError.errno:
        return False
    return _has(None if code else operations, acl.operation)


async def _transactions(admin: AIOKafkaAdminClient, acl: Acl) -> bool:
    name = f"{acl.name}0" if acl.prefixed else acl.name
    answer = await ask(admin, FindCoordinatorRequest(name, TRANSACTION))
    return bool(answer.error_code != TransactionalIdAuthorizationFailed.errno)
