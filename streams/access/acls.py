"""The least that each part of an installation has to be allowed on Kafka: data, and pure.

Read and Write bring Describe with them, so that is named only where it stands alone. Nothing needs
a right on the cluster: idempotent producers only need Write on a topic since Kafka 2.8.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from shlex import quote
from typing import Literal, get_args

from streams.events.inputs import prefix
from streams.events.sources import numbering_id
from streams.events.topics import Topics
from streams.replay.plan import app_id_of
from streams.settings import Settings

Role = Literal["worker", "dashboard", "reader", "sender", "operator", "admin"]
ROLES: dict[Role, str] = {
    "worker": "ticket-streams worker",
    "dashboard": "ticket-streams dashboard",
    "reader": "spend, errors, status, top, verify, export, what-if, dead-letters list and show",
    "sender": "ticket-streams send, or any producer of tickets",
    "operator": "dead-letters redrive, reconcile, replay",
    "admin": "topics --create, --fix and --partitions",
}
"""Who does what."""

Resource = Literal["topic", "group", "transactional-id"]
Operation = Literal[
    "Read", "Write", "Create", "Delete", "Alter", "Describe", "DescribeConfigs", "AlterConfigs"
]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)


@dataclass(frozen=True, slots=True, order=True)
class Acl:
    """One operation that is allowed on one resource, or on all whose names begin so."""

    resource: Resource
    name: str
    operation: Operation
    prefixed: bool = False

    def __str__(self) -> str:
        begins = " beginning with" if self.prefixed else ""
        return f"{self.operation} on {self.resource.replace('-', ' ')}{begins} {self.name}"


def least(role: Role, settings: Settings) -> list[Acl]:
    """What ``role`` needs of an installation with these settings, and no more."""
    topics = Topics.of(settings)
    return sorted(set(_ROLE[role](settings, topics)))


def _on(topics: Iterable[str], *operations: Operation) -> Iterator[Acl]:
    for topic in topics:
        for operation in operations:
            yield Acl("topic", topic, operation)


def _inputs(topics: Topics, *operations: Operation) -> Iterator[Acl]:
    """On all topics of tickets: what a pattern matches is told by how its names begin."""
    yield from _on(topics.inputs(()), *operations)
    for beginning in map(prefix, topics.patterns):
        for operation in operations:
            yield Acl("topic", beginning or "*", operation, prefixed=bool(beginning))


def _transactions(settings: Settings, topics: Topics) -> Iterator[Acl]:
    """The transactional ids of source partitions (streams.delivery.transaction)."""
    names = [f"{name}-" for name in topics.inputs(())] + [*map(prefix, topics.patterns)]
    for name in names:
        yield Acl("transactional-id", f"{settings.app_id}-{name}", "Write", prefixed=True)


def _numbers(topics: Topics, *operations: Operation) -> Iterator[Acl]:
    """On the source numbers, which are there where there are several input topics."""
    if topics.more_inputs:
        yield from _on([topics.sources], *operations)


def _outputs(topics: Topics) -> list[str]:
    return [*topics.outputs, topics.dead_letter]


def _worker(settings: Settings, topics: Topics) -> Iterator[Acl]:
    yield from _inputs(topics, "Read")
    yield from _numbers(topics, "Read", "Write")
    if topics.more_inputs:
        yield Acl("transactional-id", numbering_id(settings.app_id), "Write")
    # Read is for what Kafka may leave without an end (streams.delivery.unended).
    yield from _on([*_outputs(topics), topics.calls], "Read", "Write")
    yield from _on([topics.spend, topics.errors], "Read", "Write")
    # Delete is for records that no restart needs any more.
    yield from _on([topics.done, topics.intents], "Read", "Write", "Delete")
    if topics.skips:
        yield from _on([topics.skipped], "Read", "Write")
    yield Acl("group", settings.app_id, "Read")
    yield from _transactions(settings, topics)


def _dashboard(settings: Settings, topics: Topics) -> Iterator[Acl]:
    yield from _on([topics.spend, topics.errors, topics.calls], "Read")
    yield from _on(_outputs(topics), "Read")  # the last tickets
    # How far the workers are.
    yield from _inputs(topics, "Describe")
    yield from _numbers(topics, "Read")
    yield Acl("group", settings.app_id, "Describe")


def _reader(settings: Settings, topics: Topics) -> Iterator[Acl]:
    ours = (topics.calls, topics.done, topics.spend, topics.errors)
    yield from _inputs(topics, "Read")
    yield from _numbers(topics, "Read")
    yield from _on([*_outputs(topics), *ours], "Read")
    # Workers may skip where the reader's own settings do not.
    yield from _on([topics.redriven, topics.skipped], "Read")
    yield Acl("group", settings.app_id, "Describe")


def _sender(_: Settings, topics: Topics) -> Iterator[Acl]:
    yield from _inputs(topics, "Write")


def _operator(settings: Settings, topics: Topics) -> Iterator[Acl]:
    yield from _reconciling(settings, topics)
    yield from _redriving(settings, topics)
    yield from _replaying(settings, topics)


def _reconciling(settings: Settings, topics: Topics) -> Iterator[Acl]:
    # To write off is a transaction of the partition, as a worker's.
    yield from _on([topics.calls, topics.spend, topics.errors, topics.intents], "Read", "Write")
    yield from _on([topics.done], "Read")
    yield from _numbers(topics, "Read")
    yield Acl("group", settings.app_id, "Describe")
    yield from _transactions(settings, topics)


def _redriving(settings: Settings, topics: Topics) -> Iterator[Acl]:
    yield from _on([topics.dead_letter], "Read")
    yield from _inputs(topics, "Write", "DescribeConfigs")
    yield from _on([topics.redriven], "Create", "Read", "Write")
    yield Acl("transactional-id", f"{settings.app_id}-redrive", "Write")


def _replaying(settings: Settings, topics: Topics) -> Iterator[Acl]:
    yield from _inputs(topics, "Read")
    yield from _on(_outputs(topics), "Read", "Write")
    yield from _on([topics.replays], "Create", "Read", "Write")
    # A run's own, whose names begin with its app id, are for it what a worker's are for that.
    runs = app_id_of(settings.app_id, "")
    own: tuple[Operation, ...] = ("Create", "Read", "Write", "Delete")
    yield from (Acl("topic", runs, operation, prefixed=True) for operation in own)
    yield Acl("group", runs, "Read", prefixed=True)
    yield Acl("transactional-id", runs, "Write", prefixed=True)


def _admin(settings: Settings, topics: Topics) -> Iterator[Acl]:
    every: tuple[Operation, ...] = (
        "Create",
        "Alter",
        "Describe",
        "DescribeConfigs",
        "AlterConfigs",
    )
    yield from _inputs(topics, *every)
    yield from _on([spec.name for spec in topics.specs()], *every)
    yield from _numbers(topics, "Read")
    yield Acl("group", settings.app_id, "Describe")


_ROLE = {
    "worker": _worker,
    "dashboard": _dashboard,
    "reader": _reader,
    "sender": _sender,
    "operator": _operator,
    "admin": _admin,
}


def commands(acls: Collection[Acl], principal: str, servers: str) -> list[str]:
    """As ``kafka-acls`` takes them, a line for resources that share their operations."""
    by_name: dict[tuple[Resource, str, bool], list[Operation]] = {}
    for acl in acls:
        by_name.setdefault((acl.resource, acl.name, acl.prefixed), []).append(acl.operation)
    lines: dict[tuple[Resource, bool, tuple[Operation, ...]], list[str]] = {}
    for (resource, name, prefixed), found in by_name.items():
        operations = tuple(sorted(found, key=OPERATIONS.index))
        lines.setdefault((resource, prefixed, operations), []).append(name)
    head = f"kafka-acls --bootstrap-server {quote(servers)} --add"
    head += f" --allow-principal {quote(principal)}"
    return [
        " ".join(
            [
                head,
                *(f"--operation {operation}" for operation in operations),
                *(f"--{resource} {quote(name)}" for name in names),
                *(["--resource-pattern-type prefixed"] if prefixed else []),
            ]
        )
        for (resource, prefixed, operations), names in lines.items()
    ]
