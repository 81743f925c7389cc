"""A sound cluster, as facts, to be spoilt by tests."""

from dataclasses import replace

from streams.doctor.finding import Finding
from streams.doctor.topic_facts import TopicFacts
from streams.doctor.topic_needs import needs
from streams.events.topics import INPUT_ROOM, Topics
from streams.settings import Settings

TOPICS = Topics.of(Settings.model_construct())
SPECS = {spec.name: spec for spec in TOPICS.specs()}


def sound(partitions: int = 8, replication: int = 3) -> dict[str, TopicFacts]:
    """All topics with everything that they need."""
    copies = {"min.insync.replicas": "2", "retention.bytes": "-1"}
    facts = {
        name: TopicFacts(
            name,
            partitions,
            replication,
            config={
                **{need.option: need.value for need in needs(spec, replication)},
                **spec.config,
                **copies,
            },
        )
        for name, spec in SPECS.items()
    }
    given = {"cleanup.policy": "delete", "retention.ms": "604800000", **INPUT_ROOM, **copies}
    facts[TOPICS.input] = TopicFacts(TOPICS.input, partitions, replication, config=given)
    return facts


def spoilt(name: str, option: str, value: str) -> dict[str, TopicFacts]:
    """All is sound, but one option of one topic."""
    facts = sound()
    facts[name] = replace(facts[name], config={**facts[name].config, option: value})
    return facts


def only(findings: list[Finding]) -> Finding:
    """The one finding there is."""
    [finding] = findings
    assert "\n" not in str(finding)
    return finding
