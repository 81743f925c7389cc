"""The topics against what we need of them. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from streams.audit.numbering import width
from streams.doctor.finding import Finding, Level
from streams.doctor.topic_facts import TopicFacts
from streams.doctor.topic_needs import SAFE_COPIES, copies_needed, lacks
from streams.events.sources import Sources
from streams.events.topics import DAY_MS, OUTPUT_BYTES, Topics

FIX = "ticket-streams topics --fix"
CREATE = "ticket-streams topics --create"
REASSIGN = "kafka-reassign-partitions.sh adds replicas"
OWNER = "its owner can change that with kafka-configs.sh"
GRANT = "grant DescribeConfigs on it"

LEAST_INPUT_MS = DAY_MS
"""An outage of a night and the morning after it; what is longer loses tickets."""

Trouble = tuple[Level, str, str]
"""Level, what is wrong, what to do."""


def check_topics(
    topics: Topics,
    facts: Mapping[str, TopicFacts],
    brokers: int,
    sources: Sources | None = None,
) -> list[Finding]:
    """A finding for each kind of trouble, that names its topics; one ``ok`` where there is none."""
    troubles: dict[Trouble, list[str]] = {}
    for name, trouble in _troubles(topics, facts, brokers, sources):
        troubles.setdefault(trouble, []).append(name)
    findings = [
        Finding("topics", level, f"{_named(names, topics)}: {what}", advice)
        for (level, what, advice), names in troubles.items()
    ]
    return findings or [Finding("topics", "ok", f"{len(facts)} topics have all that they need")]


def _named(names: list[str], topics: Topics) -> str:
    return "every topic" if len(names) > len(topics.specs()) else ", ".join(names)


def _troubles(
    topics: Topics, facts: Mapping[str, TopicFacts], brokers: int, sources: Sources | None
) -> Iterator[tuple[str, Trouble]]:
    inputs = topics.inputs(facts)
    needed = width(topics, {name: found.partitions for name, found in facts.items()}, sources)
    for name in [*inputs, *(spec.name for spec in topics.specs())]:
        if name not in facts:
            yield name, ("wrong", "there is no such topic", CREATE)
        else:
            for trouble in _of_any(facts[name], brokers):
                yield name, trouble
    for name in inputs:
        for trouble in _of_input(facts[name]) if name in facts else ():
            yield name, trouble
    for spec in topics.specs():
        if (found := facts.get(spec.name)) is None:
            continue
        for lack in lacks(spec, found):
            yield spec.name, (lack.need.level, str(lack), FIX)
        if spec.same_partitions and found.partitions < needed:
            what = f"{found.partitions} partitions, needs the {needed} of {', '.join(inputs)}"
            yield spec.name, ("wrong", what, f"{FIX}, or the next worker that starts")


def _of_any(topic: TopicFacts, brokers: int) -> Iterable[Trouble]:
    if topic.leaderless:
        yield "wrong", f"{topic.leaderless} partitions have no leader", "look at the brokers"
    if topic.lagging:
        yield (
            "warn",
            f"{topic.lagging} partitions have a replica out of sync",
            "look at the brokers",
        )
    if topic.replication < min(brokers, SAFE_COPIES):
        yield "warn", f"{topic.replication} of {min(brokers, SAFE_COPIES)} replicas", REASSIGN
    if topic.unreadable:
        yield "warn", f"its configuration cannot be read ({topic.unreadable})", GRANT


def _of_input(topic: TopicFacts) -> Iterable[Trouble]:
    if "compact" in topic.config.get("cleanup.policy", ""):
        what = "cleanup.policy compacts it: tickets that wait vanish when their key comes again"
        yield "wrong", what, OWNER
    kept = int(topic.config.get("retention.ms", -1))
    if 0 <= kept < LEAST_INPUT_MS:
        what = f"retention.ms is {kept}: an outage longer than that loses tickets"
        yield "warn", what, f"{OWNER}; a day at least"
    if int(topic.config.get("retention.bytes", -1)) >= 0:
        what = "retention.bytes is set: a burst during an outage loses tickets"
        yield "warn", what, OWNER
    if int(topic.config.get("max.message.bytes", 0)) > OUTPUT_BYTES:
        what = "max.message.bytes is above what a result may have: such tickets become dead letters"
        yield "warn", what, OWNER
    copies = topic.config.get("min.insync.replicas")
    for need in copies_needed(topic.replication):
        if copies is not None and not need.met_by(copies):
            yield need.level, f"{need.option} is {copies}, needs {need.wanted} ({need.why})", OWNER
            break
