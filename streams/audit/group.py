"""The consumer group of the workers: who is in it, and how far it is. Nothing joins it here."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupCoordinatorNotAvailableError,
    NotCoordinatorError,
    for_code,
)

from streams.audit.snapshot import Snapshot

COORDINATOR_TRIES = 20
COORDINATOR_PAUSE = 0.25
"""Seconds. A cluster without any group makes the topic of the groups when it is first asked."""

NOT_YET = (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupCoordinatorNotAvailableError,
    NotCoordinatorError,
)


@dataclass(frozen=True, slots=True)
class Membership:
    """A worker in the group, by what Kafka knows of it."""

    id: str
    client: str
    host: str
    partitions: tuple[int, ...]
    """Of the input topic; none for a spare."""


@dataclass(frozen=True, slots=True)
class Group:
    """The group as it is now. Offsets are by partition of the input topic."""

    state: str
    """Kafka's name: Stable, Empty, Dead (there is none), PreparingRebalance ..."""
    members: tuple[Membership, ...] = ()
    committed: Mapping[int, int] = field(default_factory=dict)
    ends: Mapping[int, int] = field(default_factory=dict)
    starts: Mapping[int, int] = field(default_factory=dict)

    @property
    def lag(self) -> dict[int, int]:
        """Events that wait, by partition, by their offsets: a transactional producer leaves gaps,
        which are counted too."""
        return {
            number: max(0, end - max(self.committed.get(number, 0), self.starts.get(number, 0)))
            for number, end in self.ends.items()
        }

    @property
    def waiting(self) -> int:
        """Events that wait, in all partitions."""
        return sum(self.lag.values())

    @property
    def expired(self) -> dict[int, int]:
        """Events that Kafka removed before they were done, by partition; only partitions with
        a committed offset count."""
        gone = {
            number: self.starts.get(number, 0) - offset for number, offset in self.committed.items()
        }
        return {number: events for number, events in gone.items() if events > 0}


async def read_group(snapshot: Snapshot, group: str, topic: str) -> Group:
    """The group and its place in ``topic``. Raises KafkaError and MissingTopicError."""
    ends, starts = await snapshot.ends([topic]), await snapshot.starts([topic])
    found = await describe(snapshot.admin, group)
    members = [
        Membership(
            member["member_id"],
            member["client_id"],
            member["client_host"].removeprefix("/"),
            _partitions(member["member_assignment"], topic),
        )
        for member in found["members"]
    ]
    offsets = await snapshot.admin.list_consumer_group_offsets(group)
    return Group(
        found["state"],
        tuple(sorted(members, key=lambda member: member.partitions)),
        {tp.partition: at.offset for tp, at in offsets.items() if tp.topic == topic},
        {tp.partition: end for tp, end in ends.items()},
        {tp.partition: start for tp, start in starts.items()},
    )


async def describe(admin: AIOKafkaAdminClient, group: str) -> dict[str, Any]:
    """What its coordinator says of the group, once it knows it. Raises KafkaError.

    After its broker's start a coordinator must read its groups first. aiokafka's
    ``list_consumer_group_offsets`` takes its refusal for a group that never committed anything: ask
    here before.
    """
    for _ in range(COORDINATOR_TRIES):
        coordinator = await coordinator_of(admin, group)
        [answer] = await admin.describe_consumer_groups([group], coordinator)
        found: dict[str, Any] = answer.to_object()["groups"][0]
        error = for_code(found["error_code"])
        if error not in NOT_YET:
            return found
        await asyncio.sleep(COORDINATOR_PAUSE)
    raise error(f"of group {group}")


async def coordinator_of(admin: AIOKafkaAdminClient, group: str) -> int:
    """Node of the broker that knows the group. Raises KafkaError."""
    for _ in range(COORDINATOR_TRIES):
        try:
            return int(await admin.find_coordinator(group))
        except GroupCoordinatorNotAvailableError:
            await asyncio.sleep(COORDINATOR_PAUSE)
    return int(await admin.find_coordinator(group))


def _partitions(assignment: bytes, topic: str) -> tuple[int, ...]:
    if not assignment:
        return ()  # it joins at this moment
    found = ConsumerProtocolMemberAssignment.decode(assignment)
    return tuple(sorted(p for name, numbers in found.assignment if name == topic for p in numbers))
