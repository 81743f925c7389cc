"""What would mend the topics, told first and done then.

What belongs to others (the input's configuration) and what takes hours (replicas) is left alone:
doctor and ``ticket-streams topics`` name it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import lcm

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import InvalidPartitionsError, KafkaError, for_code

from streams.audit.numbering import width as needed
from streams.audit.topic_admin import (
    KNOWN_POLL_SECONDS,
    KNOWN_SECONDS,
    MissingTopicError,
    TopicsError,
    create,
    wait_until_known,
)
from streams.doctor.topic_facts import TopicFacts, read_topics
from streams.doctor.topic_needs import lacks
from streams.events.sources import Sources
from streams.events.topics import Topics


class MendError(TopicsError):
    """Kafka does not do it, or cannot; the message names the topic and says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in this order: the input comes last, when all that must be as wide is."""

    create: tuple[str, ...] = ()
    width: int = 0
    """Partitions of what is created."""
    widths: Mapping[str, int] = field(default_factory=dict)
    """The same of what has a number of its own."""
    widen: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """From how many partitions to how many, by topic."""
    configure: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Options to set, by topic; its others stay."""

    def __bool__(self) -> bool:
        return bool(self.create or self.widen or self.configure)

    def steps(self) -> Iterator[str]:
        """A line for each step."""
        for name in self.create:
            yield f"create {name} with {self.widths.get(name, self.width)} partitions"
        for name, options in self.configure.items():
            yield f"set {', '.join(f'{o}={v}' for o, v in options.items())} on {name}"
        for name, (before, after) in self.widen.items():
            yield f"widen {name} from {before} to {after} partitions"


def plan_to_mend(
    topics: Topics, facts: Mapping[str, TopicFacts], sources: Sources | None = None
) -> Plan:
    """Everything that is missing, too narrow, or lacks an option. Raises MissingTopicError where
    there is no input topic: it decides the partitions. Pure."""
    width = needed(topics, _counts(topics, facts), sources)
    return Plan(
        create=tuple(spec.name for spec in topics.specs() if spec.name not in facts),
        width=width,
        widths={spec.name: spec.partitions for spec in topics.specs() if spec.partitions},
        widen=_narrow(topics, facts, width),
        configure={
            spec.name: {lack.need.option: lack.remedy for lack in found}
            for spec in topics.specs()
            if spec.name in facts and (found := lacks(spec, facts[spec.name]))
        },
    )


def plan_to_grow(
    topics: Topics,
    facts: Mapping[str, TopicFacts],
    partitions: int,
    sources: Sources | None = None,
) -> Plan:
    """The first input, and before it all that must have as many. Raises MissingTopicError, and
    MendError for fewer than there are. Pure."""
    counts = _counts(topics, facts)
    before = counts[topics.input]
    if partitions < before:
        raise MendError(f"{topics.input} has {before} partitions, and Kafka takes none away")
    width = needed(topics, {**counts, topics.input: partitions}, sources)
    widen = _narrow(topics, facts, width)
    if partitions > before:
        widen[topics.input] = (before, partitions)
    return Plan(width=width, widen=widen)


def moved_share(before: int, after: int) -> float:
    """The share of keys whose partition changes, where producers take a hash modulo the number of
    partitions, as Kafka's own do. Pure."""
    return 1 - before / lcm(before, after)


async def carry_out(admin: AIOKafkaAdminClient, topics: Topics, plan: Plan) -> None:
    """Does it, and returns when the broker shows it. Raises MendError and TopicCreationError.

    What others have done meanwhile stays.
    """
    missing = [spec for spec in topics.specs() if spec.name in plan.create]
    if missing:
        await create(admin, missing, plan.width)
    if plan.configure:
        await _configure(admin, topics, plan.configure)
    for name, (_, after) in plan.widen.items():
        try:
            await admin.create_partitions({name: NewPartitions(after)})
        except InvalidPartitionsError:
            pass  # a worker was faster
        except KafkaError as error:
            raise MendError(f"topic {name} was not widened: {error}") from error
        await wait_until_known(admin, {name: after})


async def _configure(
    admin: AIOKafkaAdminClient, topics: Topics, wanted: Mapping[str, Mapping[str, str]]
) -> None:
    # aiokafka only knows the request that replaces all that was set for a topic.
    facts = await read_topics(admin, wanted)
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, name, {**facts[name].own, **options})
        for name, options in wanted.items()
        if name in facts
    ]
    for answer in await admin.alter_configs(resources):
        for code, message, _, name in answer.resources:
            if code:
                reason = message or for_code(code).__name__
                raise MendError(f"topic {name} was not configured: {reason}")
    specs = [spec for spec in topics.specs() if spec.name in wanted]
    try:
        async with asyncio.timeout(KNOWN_SECONDS):
            while any(lacks(s, facts[s.name]) for s in specs if s.name in facts):
                await asyncio.sleep(KNOWN_POLL_SECONDS)
                facts = await read_topics(admin, wanted)
    except TimeoutError:
        raise MendError(f"Kafka does not show the options of {', '.join(wanted)}") from None


def _counts(topics: Topics, facts: Mapping[str, TopicFacts]) -> dict[str, int]:
    for name in topics.inputs(facts):
        if name not in facts:
            raise MissingTopicError(name)
    return {name: found.partitions for name, found in facts.items()}


def _narrow(
    topics: Topics, facts: Mapping[str, TopicFacts], width: int
) -> dict[str, tuple[int, int]]:
    return {
        spec.name: (facts[spec.name].partitions, width)
        for spec in topics.specs()
        if spec.same_partitions and spec.name in facts and facts[spec.name].partitions < width
    }
