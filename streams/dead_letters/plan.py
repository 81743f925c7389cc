"""What a redrive would do: found by reading alone."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from streams.audit.owner import run_of
from streams.audit.snapshot import Snapshot, open_snapshot
from streams.audit.topic_admin import partition_counts
from streams.dead_letters import marks
from streams.dead_letters.event import ROOM, event_of, refusal
from streams.dead_letters.reading import letters
from streams.dead_letters.wanted import Wanted
from streams.delivery.size import size_of
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Order:
    """What to redrive, and how."""

    topic: str
    """The dead-letter topic."""
    wanted: Wanted
    to: str | None = None
    """Another topic than the one in the headers."""
    most_times: int = 3
    limit: int | None = None
    again: bool = False
    """Those too that were redriven."""
    forbidden: Collection[str] = ()
    """Topics that only the worker writes."""


@dataclass(slots=True)
class Plan:
    """What would be redriven, and what not."""

    targets: dict[tuple[int, int], str] = field(default_factory=dict)
    """Topic to write to, by partition and offset of the letter."""
    rooms: dict[str, int] = field(default_factory=dict)
    """Most bytes of a message, by target topic."""
    partitions: Mapping[str, int] = field(default_factory=dict)
    """Number of partitions of every topic."""
    already: int = 0
    """Letters that were redriven by an earlier run."""
    refused: Counter[str] = field(default_factory=Counter)
    """Letters that cannot be redriven, by reason."""
    left: int = 0
    """Letters beyond the limit."""
    of_replays: int = 0
    """Letters of replays, which are left alone."""
    of_others: int = 0
    """Letters of other installations, which redrive their own."""

    def offsets(self, topic: str) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
        """Where the planned letters begin and end, by partition."""
        starts: dict[TopicPartition, int] = {}
        ends: dict[TopicPartition, int] = {}
        for partition, offset in self.targets:
            tp = TopicPartition(topic, partition)
            starts[tp] = min(starts.get(tp, offset), offset)
            ends[tp] = max(ends.get(tp, 0), offset + 1)
        return starts, ends


async def make_plan(settings: Settings, order: Order) -> Plan:
    """Reads all letters and changes nothing. Raises UnreachableError and MissingTopicError."""
    async with open_snapshot(settings.kafka) as snapshot:
        plan = Plan(partitions=await partition_counts(snapshot.admin))
        marked = await marks.read_marks(snapshot, marks.topic_of(settings))
        found = list[tuple[int, int, int, str, int]]()
        async for record, letter in letters(snapshot, order.topic, order.wanted):
            if not letter.is_of(settings.app_id):
                plan.of_others += 1
                continue
            if not order.again and marks.is_marked(record, marked):
                plan.already += 1
                continue
            if order.to is None and run_of(record):
                # Its event is in the input, where the workers have answered it: there it would
                # come out of them a second time.
                plan.of_replays += 1
                continue
            to = order.to or letter.source_topic
            reason = refusal(record, letter, to, order.most_times) or _bad_target(to, order, plan)
            if to is None or reason is not None:
                plan.refused[reason or ""] += 1
                continue
            event = event_of(record, to, plan.partitions[to])
            size = size_of(event.key, event.value, event.headers)
            found.append((letter.given_up_at, record.partition, record.offset, to, size))
        plan.rooms = await _rooms(snapshot, {to for *_, to, _ in found})
    fitting = []
    for entry in sorted(found):
        *_, to, size = entry
        if size + ROOM > plan.rooms[to]:
            plan.refused[f"too large for topic {to} (max.message.bytes)"] += 1
        else:
            fitting.append(entry)
    chosen = fitting[: order.limit]
    plan.left = len(fitting) - len(chosen)
    plan.targets = {(partition, offset): to for _, partition, offset, to, _ in chosen}
    return plan


def _bad_target(to: str | None, order: Order, plan: Plan) -> str | None:
    if to in order.forbidden:
        return f"only the worker writes topic {to}"
    return None if to in plan.partitions else f"there is no topic {to}"


async def _rooms(snapshot: Snapshot, topics: Collection[str]) -> dict[str, int]:
    if not topics:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
    rooms = {}
    for answer in await snapshot.admin.describe_configs(asked):
        for code, _, _, topic, entries in answer.resources:
            if code:
                raise for_code(code)
            rooms[topic] = next(int(v) for name, v, *_ in entries if name == "max.message.bytes")
    return rooms
