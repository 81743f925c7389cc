"""What a topic of ours needs from Kafka's configuration, and what it lacks. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from streams.doctor.finding import Level
from streams.doctor.topic_facts import TopicFacts
from streams.events.topics import TopicSpec

Rule = Literal["equal", "least", "most"]

SAFE_COPIES = 3
"""From so many replicas on a write can be on two of them, and one broker may still be away."""

_RULES: dict[str, tuple[Rule, Level, str]] = {
    "cleanup.policy": ("equal", "wrong", "else Kafka removes records that we count on"),
    "message.timestamp.type": (
        "equal",
        "wrong",
        "else Kafka refuses what a worker with a wrong clock has paid for",
    ),
    "max.message.bytes": ("least", "wrong", "a longer record would stop its partition"),
    "retention.ms": ("least", "warn", "else records go before they are done with"),
    "retention.bytes": ("least", "warn", "else records go before they are done with"),
    "segment.ms": ("most", "warn", "else restarts read more than they must"),
    "segment.bytes": ("most", "warn", "else restarts read more than they must"),
    "max.compaction.lag.ms": ("most", "warn", "else restarts read more than they must"),
    "min.cleanable.dirty.ratio": ("most", "warn", "else restarts read more than they must"),
}


@dataclass(frozen=True, slots=True)
class Need:
    """One option and what it must be; ``why`` says what happens else."""

    option: str
    rule: Rule
    value: str
    level: Level
    why: str

    def met_by(self, found: str) -> bool:
        """Whether a topic with this value has what it needs."""
        if self.rule == "equal":
            return set(found.split(",")) == set(self.value.split(","))
        there, due = _number(self.option, found), _number(self.option, self.value)
        return there >= due if self.rule == "least" else there <= due

    @property
    def wanted(self) -> str:
        """For people."""
        return self.value if self.rule == "equal" else f"at {self.rule} {self.value}"


@dataclass(frozen=True, slots=True)
class Lack:
    """A need of a topic that is not met, and the value that would meet all of that option."""

    need: Need
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.need.option} is {self.found}, needs {self.need.wanted} ({self.need.why})"


def needs(spec: TopicSpec, replication: int) -> Iterator[Need]:
    """Of a topic of ours. Of several for one option the gravest comes first, the strictest last."""
    for option, value in spec.config.items():
        if option in _RULES:
            yield Need(option, _RULES[option][0], value, *_RULES[option][1:])
    if "cleanup.policy" not in spec.config:
        yield Need("cleanup.policy", "equal", "delete", "warn", "compaction would thin it out")
    if spec.config.get("retention.ms"):
        yield Need("retention.bytes", "least", "-1", *_RULES["retention.bytes"][1:])
    yield from copies_needed(replication)


def copies_needed(replication: int) -> Iterator[Need]:
    """How many replicas must have a write, of a topic that has so many."""
    option = "min.insync.replicas"
    yield Need(option, "most", str(replication), "wrong", "with fewer replicas nothing is written")
    if replication > 1:
        away = "else one broker that is away stops all writes"
        yield Need(option, "most", str(replication - 1), "warn", away)
    if replication >= SAFE_COPIES:
        yield Need(option, "least", "2", "warn", "else a write may be lost with one broker")


def lacks(spec: TopicSpec, facts: TopicFacts) -> list[Lack]:
    """What the topic has not: of each option the first need that is not met, which is the gravest.

    Options that its Kafka does not know, or that could not be read, are met.
    """
    found: dict[str, Lack] = {}
    for need in needs(spec, facts.replication):
        value = facts.config.get(need.option)
        if value is not None and not need.met_by(value):
            gravest = found.get(need.option)
            found[need.option] = Lack(gravest.need if gravest else need, value, need.value)
    return list(found.values())


def _number(option: str, value: str) -> float:
    number = float(value)
    return float("inf") if option.startswith("retention.") and number < 0 else number
