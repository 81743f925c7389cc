"""What a replay does, as plain data: which events, under which name, and where their results go.

It is written down before the first call, so that a run that is interrupted goes on with the same
events, whatever has arrived since.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

from streams.events.topics import Topics
from streams.settings import Settings

RUNS_IN_A_RECORD = 20_000
"""Runs of selected offsets that one record of the replays topic holds: at most about 500 kB."""


class Selection:
    """Offsets by partition: the events that a replay asks for."""

    def __init__(self, offsets: Mapping[int, set[int]] | None = None) -> None:
        self._offsets = {p: set(some) for p, some in (offsets or {}).items()}

    def __contains__(self, place: object) -> bool:
        if not isinstance(place, tuple):
            return False
        partition, offset = place
        return offset in self._offsets.get(partition, ())

    def __len__(self) -> int:
        return sum(map(len, self._offsets.values()))

    def add(self, partition: int, offset: int) -> None:
        """One more event."""
        self._offsets.setdefault(partition, set()).add(offset)

    def chunks(self) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """A partition and some of its offsets, as runs of which both ends are meant."""
        for partition, offsets in sorted(self._offsets.items()):
            runs = list(runs_of(offsets))
            for first in range(0, len(runs), RUNS_IN_A_RECORD):
                yield partition, runs[first : first + RUNS_IN_A_RECORD]

    def take(self, partition: int, runs: Iterable[Iterable[int]]) -> None:
        """A chunk, as ``chunks`` gave it."""
        for first, last in runs:
            self._offsets.setdefault(partition, set()).update(range(first, last + 1))


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
    """``within`` is, by partition, the range of offsets that is read."""

    run: str
    topic: str
    topic_id: str
    """The input topic's own id, empty where Kafka has none: one made again has other events."""
    within: Mapping[int, range]
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

    def as_json(self) -> bytes:
        """Without the selection, which may be large."""
        given = asdict(replace(self, within={}, selection=Selection()))
        del given["selection"]
        given["within"] = {str(p): [r.start, r.stop] for p, r in self.within.items()}
        return json.dumps(given).encode()

    @classmethod
    def of_json(cls, value: bytes, selection: Selection) -> "Plan":
        """As ``as_json`` wrote it. Raises ValueError, KeyError, TypeError for anything else."""
        found = json.loads(value)
        within = {int(p): range(*ends) for p, ends in found.pop("within").items()}
        return cls(**found, within=within, selection=selection)


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
    topics = replace(topics, input=plan.topic, more_inputs=())
    topics.check()
    return own, topics
