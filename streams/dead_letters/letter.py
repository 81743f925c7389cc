"""A dead letter as people look at it: where, when, from where, why. Never its text."""

from dataclasses import asdict, dataclass
from typing import Any

from aiokafka import ConsumerRecord

from streams.audit.owner import belongs, owner_of, run_of
from streams.audit.snapshot import place
from streams.dead_letters.families import OURS, cause_of, number, text
from streams.events import headers as names

UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything but key and value. Times are epoch milliseconds."""

    at: int
    """When the event was written, or the letter where its headers do not tell."""
    given_up_at: int
    place: str
    partition: int
    offset: int
    source: str
    source_topic: str | None
    source_partition: int | None
    source_offset: int | None
    stage: str
    error_type: str
    message: str
    family: str
    """Whose headers tell this."""
    redriven: int
    """How often its event was redriven before."""
    app: str = ""
    """The installation that gave it up; empty where nobody says."""
    run: str = ""
    """The replay that did; empty for its workers."""

    def is_of(self, app: str) -> bool:
        """Whether it is this installation's, one of its replays', or nobody's who says so."""
        return belongs(self.app, self.run, app)

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def letter_of(record: ConsumerRecord) -> Letter:
    """The letter in this record of any dead-letter topic. Never fails: it may tell little."""
    cause = cause_of(record.headers)
    said = dict(record.headers)
    ours = cause.family == OURS  # else these headers came with the event, and tell who routed it
    where = (UNKNOWN if n is None else str(n) for n in (cause.partition, cause.offset))
    return Letter(
        at=record.timestamp if cause.timestamp is None else cause.timestamp,
        given_up_at=number(said.get(names.AT)) or record.timestamp,
        place=place(record),
        partition=record.partition,
        offset=record.offset,
        source="{}[{}]@{}".format(cause.topic or UNKNOWN, *where),
        source_topic=cause.topic or None,
        source_partition=cause.partition,
        source_offset=cause.offset,
        stage=cause.stage,
        error_type=cause.error_type,
        message=cause.message,
        family=cause.family,
        redriven=number(said.get(names.REDRIVE_COUNT)) or 0,
        app=owner_of(record) if ours else "",
        run=run_of(record) if ours else "",
    )


def event_time(record: ConsumerRecord) -> int:
    """When the event was first written, over all its redrives; epoch milliseconds."""
    first = number(dict(record.headers).get(names.REDRIVE_TIMESTAMP))
    return letter_of(record).at if first is None else first


def first_event(record: ConsumerRecord) -> str:
    """Where the event first was, over all its redrives: ``topic[partition]@offset``."""
    first = dict(record.headers).get(names.REDRIVE_EVENT)
    return letter_of(record).source if first is None else text(first)
