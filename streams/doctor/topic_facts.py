"""Topics as they are: partitions, replicas, configuration."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

TOPIC_LEVEL = 1
"""DescribeConfigs: the value was set for this topic, it is no default."""


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """One topic that exists."""

    name: str
    partitions: int
    replication: int = 1
    """Replicas of the partition that has the fewest."""
    leaderless: int = 0
    """Partitions that can be neither read nor written now."""
    lagging: int = 0
    """Partitions with a replica that is not in sync."""
    config: Mapping[str, str] = field(default_factory=dict)
    """What holds for it, defaults included; empty where it could not be read."""
    own: Mapping[str, str] = field(default_factory=dict)
    """What was set for this topic."""
    unreadable: str = ""
    """Why its configuration could not be read."""


async def read_topics(admin: AIOKafkaAdminClient, wanted: Collection[str]) -> dict[str, TopicFacts]:
    """Those of the ``wanted`` topics that exist, by name. Raises KafkaError."""
    # Asking for a topic by name would create it where Kafka is set to do so: ask for all.
    found = {t["topic"]: t["partitions"] for t in await admin.describe_topics()}
    names = [name for name in wanted if name in found]
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers = await admin.describe_configs(resources) if resources else []
    facts = {}
    for answer in answers:
        for code, _, _, name, entries in answer.resources:
            partitions = found[name]
            facts[name] = TopicFacts(
                name,
                len(partitions),
                min(len(p["replicas"]) for p in partitions),
                sum(p["leader"] < 0 for p in partitions),
                sum(len(p["isr"]) < len(p["replicas"]) for p in partitions),
                {option: value for option, value, *_ in entries},
                {
                    option: value
                    for option, value, _, source, *_ in entries
                    if source == TOPIC_LEVEL
                },
                for_code(code).__name__ if code else "",
            )
    return facts
