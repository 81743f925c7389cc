"""The topics: their names, and what each needs from Kafka."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from streams.classify.categories import names
from streams.events.inputs import found, is_pattern, matches

if TYPE_CHECKING:  # settings are checked with this module: their topics must not collide
    from streams.settings import Settings

DAY_MS = 86_400_000
LONGEST_NAME = 249
"""Characters that Kafka allows in the name of a topic."""

# Tickets of up to 2 MiB, twice Kafka's default; a routed ticket or a dead letter is larger than its
# event, by its headers and how JSON writes it.
INPUT_BYTES = 2 * 2**20
OUTPUT_BYTES = 4 * 2**20
INPUT_ROOM = {"max.message.bytes": str(INPUT_BYTES)}
# The broker's time: Kafka refuses records from more than an hour ahead, and a worker whose clock is
# wrong would then buy calls that it can never commit.
OWN_TIME = {"message.timestamp.type": "LogAppendTime"}
ROOM = {"max.message.bytes": str(OUTPUT_BYTES), **OWN_TIME}
# The tail after the last compaction is what a restart reads: keep it short.
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "600000",
    "segment.bytes": "67108864",
    "max.compaction.lag.ms": "1800000",
    "min.cleanable.dirty.ratio": "0.1",
    **OWN_TIME,
}
# Read at every start. What is not needed any more is deleted as we go; the retention only has to
# outlast the longest outage.
TRIMMED = {
    "cleanup.policy": "delete",
    "retention.ms": str(30 * DAY_MS),
    "segment.ms": "3600000",
    **OWN_TIME,
}


KEPT = {"retention.ms": str(90 * DAY_MS), **OWN_TIME}


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic, whether it must have a partition for each of the input, and its configuration.

    ``partitions`` is None where it has as many as those.
    """

    name: str
    same_partitions: bool
    config: Mapping[str, str]
    partitions: int | None = None


class _User(NamedTuple):
    """What a topic is for, the setting that names it, and whether we write to it."""

    setting: str
    what: str
    topic: str
    written: bool = True


@dataclass(frozen=True, slots=True)
class Topics:
    """Names of all topics of one installation."""

    input: str
    """The first one, and the first word of the category topics."""
    categories: Mapping[str, str]
    """Topic by category, ``unknown`` included; they may share one (``output_topic``)."""
    dead_letter: str
    done: str
    calls: str
    intents: str
    """Calls that are begun; see streams.delivery.intents."""
    spend: str
    errors: str
    skipped: str
    """Events that are finished without a result, by choice."""
    skips: bool
    """Whether any event may be skipped: without, the topic need not be there."""
    redriven: str
    """Marks of ``dead-letters redrive``, which makes it; no worker needs it."""
    replays: str
    """Plans of ``replay``, which makes it; no worker needs it."""
    run: str = ""
    """The replay whose installation it is; empty for the workers' own."""
    app: str = ""
    """The app id: what this installation writes to topics that others may write to says so."""
    shared: str | None = None
    """The topic of all categories that have none of their own; None where each has one."""
    sources: str = ""
    """The numbers of source partitions, where there are several input topics; see
    streams.events.sources."""
    more_inputs: tuple[str, ...] = ()
    """The other input topics: names and patterns; see streams.events.inputs."""

    @classmethod
    def of(cls, settings: "Settings") -> "Topics":
        """The fixed names of docs/architecture.md, for these settings."""
        inp, app = settings.input_topic, settings.app_id
        own = {category.name: category.topic for category in settings.categories}
        return cls(
            input=inp,
            categories={
                name: own.get(name) or settings.output_topic or f"{inp}.{name.replace('_', '-')}"
                for name in names(settings.categories)
            },
            dead_letter=f"{inp}.dead-letter",
            done=f"{app}-done",
            calls=f"{app}-calls",
            intents=f"{app}-intents",
            spend=f"{app}-spend-changelog",
            errors=f"{app}-errors-changelog",
            skipped=f"{app}-skipped",
            skips=settings.skips,
            redriven=f"{app}-redriven",
            replays=f"{app}-replays",
            app=app,
            shared=settings.output_topic,
            sources=f"{app}-sources",
            more_inputs=tuple(name for name in settings.input_topics if name != inp),
        )

    @property
    def outputs(self) -> list[str]:
        """The topics of routed tickets, each once."""
        return list(dict.fromkeys(self.categories.values()))

    def inputs(self, there: Iterable[str]) -> list[str]:
        """All input topics, the first one first: those named, there or not, and those of the topics
        ``there`` that a pattern matches."""
        more = found(self.more_inputs, there)
        return [self.input, *(name for name in more if name != self.input)]

    @property
    def patterns(self) -> list[str]:
        """Of the input topics."""
        return [entry for entry in self.more_inputs if is_pattern(entry)]

    def is_input(self, topic: str) -> bool:
        """Whether tickets are read from it."""
        return topic == self.input or any(matches(entry, topic) for entry in self.more_inputs)

    def check(self) -> None:
        """Every topic must be one of its own. Raises ValueError, which names the setting."""
        users = list(self._users())
        seen: dict[str, _User] = {}
        for user in users:
            # Kafka refuses names that differ in this only: they are one name in its metrics.
            other = seen.setdefault(user.topic.replace(".", "_"), user)
            if other.what != user.what:
                raise ValueError(
                    f"TICKET_STREAMS_{user.setting}: {other.what} ({other.topic}) and {user.what} "
                    f"({user.topic}) need topics whose names differ, in more than . and _"
                )
            if len(user.topic) > LONGEST_NAME:
                raise ValueError(
                    f"TICKET_STREAMS_{user.setting}: {user.topic} is too long for a topic"
                )
        # We would read what we wrote, pay for it, and write it again.
        for pattern in self.patterns:
            for user in users:
                if user.written and matches(pattern, user.topic):
                    raise ValueError(
                        f"TICKET_STREAMS_INPUT_TOPICS: {pattern} also matches {user.topic}, the "
                        f"topic of {user.what}: take a pattern that matches none of ours"
                    )

    def _users(self) -> Iterator[_User]:
        """What each topic is for; patterns aside."""
        yield _User("INPUT_TOPIC", "the input", self.input, written=False)
        yield _User("INPUT_TOPIC", "the dead letters", self.dead_letter)
        ours = {
            "finished tickets": self.done,
            "calls": self.calls,
            "intents": self.intents,
            "spend": self.spend,
            "errors": self.errors,
            "skipped events": self.skipped,
            "redriven letters": self.redriven,
            "plans of replays": self.replays,
            "source numbers": self.sources,
        }
        for name, topic in ours.items():
            yield _User("INPUT_TOPIC", f"our {name}", topic)
        if self.shared:
            yield _User("OUTPUT_TOPIC", "all categories", self.shared)
        for name, topic in self.categories.items():
            if topic != self.shared:
                yield _User("CATEGORIES", f"category {name}", topic)
        for name in self.more_inputs:
            if not is_pattern(name):
                yield _User("INPUT_TOPICS", f"input topic {name}", name, written=False)

    def specs(self) -> list[TopicSpec]:
        """Every topic but the input, which belongs to its producers."""
        out = [TopicSpec(name, False, ROOM) for name in self.outputs]
        return [
            *out,
            TopicSpec(self.dead_letter, False, {**ROOM, "retention.ms": str(30 * DAY_MS)}),
            TopicSpec(self.done, True, TRIMMED),
            TopicSpec(self.intents, True, TRIMMED),
            TopicSpec(self.calls, True, KEPT),
            TopicSpec(self.spend, True, COMPACTED),
            TopicSpec(self.errors, True, COMPACTED),
            *([TopicSpec(self.skipped, True, KEPT)] if self.skips else []),
            *([TopicSpec(self.sources, False, COMPACTED, 1)] if self.more_inputs else []),
        ]
