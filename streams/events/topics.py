"""The topics: their names, and what each needs from Kafka."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from streams.events.model import UNKNOWN
from streams.settings import Settings

DAY_MS = 86_400_000

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


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic, whether it must have the partitions of the input topic, and its configuration."""

    name: str
    same_partitions: bool
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Topics:
    """Names of all topics of one installation."""

    input: str
    categories: Mapping[str, str]
    """Topic by category, ``unknown`` included."""
    dead_letter: str
    done: str
    calls: str
    spend: str
    errors: str

    @classmethod
    def of(cls, settings: Settings, categories: Iterable[str]) -> "Topics":
        """The fixed names of docs/architecture.md, for these settings."""
        inp, app = settings.input_topic, settings.app_id
        names = dict.fromkeys([*categories, UNKNOWN])
        return cls(
            input=inp,
            categories={name: f"{inp}.{name.replace('_', '-')}" for name in names},
            dead_letter=f"{inp}.dead-letter",
            done=f"{app}-done",
            calls=f"{app}-calls",
            spend=f"{app}-spend-changelog",
            errors=f"{app}-errors-changelog",
        )

    def specs(self) -> list[TopicSpec]:
        """Every topic but the input, which belongs to its producers."""
        out = [TopicSpec(name, False, ROOM) for name in self.categories.values()]
        return [
            *out,
            TopicSpec(self.dead_letter, False, {**ROOM, "retention.ms": str(30 * DAY_MS)}),
            # Read at every start. Records below the committed offset are deleted as we go; the
            # retention only has to outlast the longest outage.
            TopicSpec(
                self.done,
                True,
                {
                    "cleanup.policy": "delete",
                    "retention.ms": str(30 * DAY_MS),
                    "segment.ms": "3600000",
                    **OWN_TIME,
                },
            ),
            TopicSpec(self.calls, True, {"retention.ms": str(90 * DAY_MS), **OWN_TIME}),
            TopicSpec(self.spend, True, COMPACTED),
            TopicSpec(self.errors, True, COMPACTED),
        ]
