"""What a replay does, as plain data: which events, under which name, and where their results go.

It is written down before the first call, so that a run that is interrupted goes on with the same
events, whatever has arrived since.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from streams.events.sources import Place
from streams.events.topics import Topics
from streams.settings import Settings

RUNS_IN_A_RECORD = 20_000
"""Runs of selected offsets that one record of the replays topic holds: at most about 500 kB."""


class Selection:
    """Offsets by source partition: the events that a replay asks for. Asked by topic, partition
    and offset."""

    def __init__(self, offsets: Mapping[Place, set[int]] | None = None) -> None:
        self._offsets = {place: set(some) for place, some in (offsets or {}).items()}

    def __contains__(self, event: object) -> bool:
        if not isinstance(event, tuple):
            return False
        *place, offset = event
        return offset in self._offsets.get(Place(*place), ())

    def __len__(self) -> int:
        return sum(map(len, self._offsets.values()))

    def add(self, place: Place, offset: int) -> None:
        """One more event."""
        self._offsets.setdefault(place, set()).add(offset)

    def chunks(self) -> Iterator[tuple[Place, list[tuple[int, int]]]]:
        """A source partition and some of its offsets, as runs of which both ends are meant."""
        for place, offsets in sorted(self._offsets.items()):
            runs = list(runs_of(offsets))
            for first in range(0, len(runs), RUNS_IN_A_RECORD):
                yield place, runs[first : first + RUNS_IN_A_RECORD]

    def take(self, place: Place, runs: Iterable[Iterable[int]]) -> None:
        """A chunk, as ``chunks`` gave it."""
        for first, last in runs:
            self._offsets.setdefault(place, set()).update(range(first, last + 1))


def runs_of(offsets: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Offsets that follow each other, as first and last."""
    first = last = None
    for offset in sorted(offsets):
        if first is None or last is None or offset != last + 1:
            if first is not None and last is not None:
                yield first, last
            first = offset
        last = offset
    if first is not None and last is not None:
        yield first, last


@dataclass(frozen=True, slots=True)
class Plan:
    """``within`` is, by source partition, the range of offsets that is read."""

    run: str
    topics: Mapping[str, str]
    """The input topics that are read, at least one, and the id that Kafka gave each, empty where it
    has none: a topic made again has other events."""
    within: Mapping[Place, range]
    topic_prefix: str | None = None
    """Of the topics that the results go to; None for those of the worker."""
    selected: bool = False
    """Whether only some of the events are asked for."""
    made_at: int = 0
    selection: Selection = field(default_factory=Selection)

    @property
    def events(self) -> int:
        """Offsets in the ranges, gaps included."""
        return sum(map(len, self.within.values()))

    def name(self, place: Place) -> str:
        """For people: the partition, with its topic where there are several."""
        return str(place) if len(self.topics) > 1 else str(place.partition)

    def as_json(self) -> bytes:
        """Without the selection, which may be large."""
        topics: dict[str, Any] = {
            name: {"id": topic_id, "within": {}} for name, topic_id in self.topics.items()
        }
        for (topic, partition), span in self.within.items():
            topics[topic]["within"][str(partition)] = [span.start, span.stop]
        given = {
            "run": self.run,
            "topics": topics,
            "topic_prefix": self.topic_prefix,
            "selected": self.selected,
            "made_at": self.made_at,
        }
        return json.dumps(given).encode()

    @classmethod
    def of_json(cls, value: bytes, selection: Selection) -> "Plan":
        """As ``as_json`` wrote it, or an older version, whose plans were of one topic. Raises
        ValueError, KeyError, TypeError for anything else."""
        found = json.loads(value)
        if "topic" in found:
            one = {"id": found.pop("topic_id"), "within": found.pop("within")}
            found["topics"] = {found.pop("topic"): one}
        topics = found.pop("topics")
        within = {
            Place(name, int(partition)): range(*ends)
            for name, said in topics.items()
            for partition, ends in said["within"].items()
        }
        ids = {name: said["id"] for name, said in topics.items()}
        return cls(**found, topics=ids, within=within, selection=selection)


def app_id_of(app: str, run: str) -> str:
    """The app id of a run of the installation ``app``: its group, its transactions and its books
    are its own."""
    return f"{app}-replay-{run}"


def installation(settings: Settings, plan: Plan) -> tuple[Settings, Topics]:
    """Settings and topics of the run. Raises ValueError where its topics would collide."""
    changes = {"app_id": app_id_of(settings.app_id, plan.run), "group_instance_id": None}
    own = settings.model_copy(update=changes)
    topics = replace(Topics.of(own), run=plan.run, skips=True)
    if plan.topic_prefix is not None:
        prefix, usual = plan.topic_prefix, f"{topics.input}."
        topics = replace(
            topics,
            categories={
                name: f"{prefix}.{topic.removeprefix(usual)}"
                for name, topic in topics.categories.items()
            },
            dead_letter=f"{prefix}.{topics.dead_letter.removeprefix(usual)}",
            shared=topics.shared and f"{prefix}.{topics.shared.removeprefix(usual)}",
        )
    first, *more = plan.topics
    topics = replace(topics, input=first, more_inputs=tuple(more))
    topics.check()
    return own, topics
