"""The consumer group of the workers: who is in it, and how far it is. Nothing joins it here."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition
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
from streams.events.sources import Sources
from streams.events.topics import Topics

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
    """Their source numbers; none for a spare."""


@dataclass(frozen=True, slots=True)
class Group:
    """The group as it is now. Offsets are by source number (streams.events.sources)."""

    state: str
    """Kafka's name: Stable, Empty, Dead (there is none), PreparingRebalance ..."""
    members: tuple[Membership, ...] = ()
    committed: Mapping[int, int] = field(default_factory=dict)
    ends: Mapping[int, int] = field(default_factory=dict)
    starts: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    """Of the source partitions, where a number alone tells little: there are several topics."""

    def name(self, number: int) -> str:
        """What people call that source partition."""
        return self.names.get(number, str(number))

    def owned(self, member: Membership) -> list[int] | list[str]:
        """The partitions of a worker, as programs are told: numbers, or names where there are
        several input topics."""
        return [*map(self.name, member.partitions)] if self.names else [*member.partitions]

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


async def read_group(snapshot: Snapshot, group: str, topics: Topics) -> Group:
    """The group and its place in the input topics. Raises KafkaError and MissingTopicError."""
    inputs, sources = await snapshot.inputs(topics)
    ends, starts = await snapshot.ends(inputs), await snapshot.starts(inputs)
    found = await describe(snapshot.admin, group)
    members = [
        Membership(
            member["member_id"],
            member["client_id"],
            member["client_host"].removeprefix("/"),
            _numbers(member["member_assignment"], sources),
        )
        for member in found["members"]
    ]
    offsets = await snapshot.admin.list_consumer_group_offsets(group)
    committed = {tp: at.offset for tp, at in offsets.items() if tp in ends}
    ends_by_number = _by_number(ends, sources)
    return Group(
        found["state"],
        tuple(sorted(members, key=lambda member: member.partitions)),
        _by_number(committed, sources),
        ends_by_number,
        _by_number(starts, sources),
        {n: sources.name(n) for n in ends_by_number} if sources.several else {},
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


def _by_number(offsets: Mapping[TopicPartition, int], sources: Sources) -> dict[int, int]:
    numbers = {tp: sources.number(tp.topic, tp.partition) for tp in offsets}
    return {number: offsets[tp] for tp, number in numbers.items() if number is not None}


async def coordinator_of(admin: AIOKafkaAdminClient, group: str) -> int:
    """Node of the broker that knows the group. Raises KafkaError."""
    for _ in range(COORDINATOR_TRIES):
        try:
            return int(await admin.find_coordinator(group))
        except GroupCoordinatorNotAvailableError:
            await asyncio.sleep(COORDINATOR_PAUSE)
    return int(await admin.find_coordinator(group))


def _numbers(assignment: bytes, sources: Sources) -> tuple[int, ...]:
    if not assignment:
        return ()  # it joins at this moment
    found = ConsumerProtocolMemberAssignment.decode(assignment)
    numbers = (sources.number(name, p) for name, some in found.assignment for p in some)
    return tuple(sorted(number for number in numbers if number is not None))
