"""Records of our topics as plain data for the checks. Texts are not kept."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, cast

from aiokafka import ConsumerRecord

from streams.audit.owner import owner_of
from streams.audit.snapshot import place
from streams.books.rows import ErrorDelta, SpendDelta, Stage, error, spend_of_ticket
from streams.events.headers import (
    AT,
    COST,
    ERROR_TYPE,
    SOURCE_OFFSET,
    SOURCE_PARTITION,
    SOURCE_TOPIC,
    STAGE,
)
from streams.events.model import CallRecord
from streams.events.sources import Sources
from streams.events.topics import Topics
from streams.events.wire import (
    UndecodableEvent,
    decode_call,
    decode_done,
    decode_routed,
    decode_skipped,
)


class UnreadableError(ValueError):
    """A record in one of our topics that none of our transactions can have written."""


class NotOursError(UnreadableError):
    """A record that another installation wrote, which shares the topic."""


class SourceKey(NamedTuple):
    """A ticket: the source partition's number (streams.events.sources), and the offset in it."""

    partition: int
    offset: int


class Finished(NamedTuple):
    """A ticket in a category topic or in the dead-letter topic. Money in pico-dollars."""

    place: str
    source: SourceKey
    key: bytes | None
    right_topic: bool
    cost: int
    tokens: tuple[int, int] | None
    """Input and output tokens; a dead letter does not tell them."""
    adds: SpendDelta | ErrorDelta
    """What its transaction added to the tables."""
    tier: str | None = None
    """The tier that answered; None for a dead letter."""
    call_id: str | None = None
    """The call that answered."""


class Called(NamedTuple):
    """A record of the calls topic."""

    place: str
    call: CallRecord


class DoneRow(NamedTuple):
    """A record of the done topic."""

    place: str
    source: SourceKey
    released: bool


class SkippedRow(NamedTuple):
    """A record of the skipped topic: events that are finished without a result."""

    place: str
    source_partition: int
    offsets: Sequence[range]


Item = SkippedRow | Finished | Called | DoneRow


Former = Mapping[str, str | None]
"""Category topics that the settings name no more, and the category of each; None: any."""

NO_FORMER: Former = MappingProxyType({})


def read_item(
    record: ConsumerRecord,
    topics: Topics,
    former: Former = NO_FORMER,
    sources: Sources | None = None,
) -> Item:
    """A record of any of our topics but the changelogs; ``sources`` are needed where there are
    several input topics. Raises UnreadableError, NotOursError."""
    sources = sources or Sources(topics.input)
    if record.topic not in (topics.calls, topics.done, topics.skipped):
        _check_owner(record, topics)
    try:
        if record.topic == topics.dead_letter:
            return _dead_letter(record, sources)
        if record.value is None:
            raise ValueError("no value")  # noqa: TRY301
        if record.topic == topics.calls:
            return _called(record, sources)
        if record.topic == topics.done:
            done = decode_done(record.value)
            source = SourceKey(record.partition, done.source_offset)
            return DoneRow(place(record), source, done.released)
        if record.topic == topics.skipped:
            return _skipped(record, sources)
        return _routed(record, topics, former, sources)
    except NotOursError:
        raise
    except (UndecodableEvent, KeyError, ValueError, TypeError) as problem:
        what = f"no header {problem}" if isinstance(problem, KeyError) else str(problem)
        raise UnreadableError(what) from None


def header_texts(record: ConsumerRecord) -> dict[str, str]:
    """The headers as text; of several with one name the last, as Kafka has it."""
    return {name: (value or b"").decode(errors="replace") for name, value in record.headers}


def _called(record: ConsumerRecord, sources: Sources) -> Called:
    call = decode_call(record.value, record.partition)
    if _number(call.source_topic, call.source_partition, sources) != record.partition:
        raise ValueError(f"a call for partition {call.source_partition}")
    return Called(place(record), call)


def _skipped(record: ConsumerRecord, sources: Sources) -> SkippedRow:
    found = decode_skipped(record.value)
    if _number(found.source_topic, found.source_partition, sources) != record.partition:
        raise ValueError(f"events skipped of partition {found.source_partition}")
    offsets = [range(run.first_offset, run.last_offset + 1) for run in found.runs]
    return SkippedRow(place(record), record.partition, offsets)


def _routed(record: ConsumerRecord, topics: Topics, former: Former, sources: Sources) -> Finished:
    routed = decode_routed(record.value)
    number = _number_of_ours(record, routed.source.topic, routed.source.partition, sources)
    result = routed.classification
    return Finished(
        place(record),
        SourceKey(number, routed.source.offset),
        record.key,
        _right_topic(record.topic, result.category, topics, former),
        result.cost_picodollars,
        (result.input_tokens, result.output_tokens),
        spend_of_ticket(number, result),
        result.tier,
        result.call_id,
    )


def _right_topic(topic: str, category: str, topics: Topics, former: Former) -> bool:
    if topic in former:
        return former[topic] in (category, None)
    return topics.categories.get(category) == topic


def _dead_letter(record: ConsumerRecord, sources: Sources) -> Finished:
    headers = header_texts(record)
    place_of = headers[SOURCE_TOPIC], int(headers[SOURCE_PARTITION])
    number = _number_of_ours(record, *place_of, sources)
    source = SourceKey(number, int(headers[SOURCE_OFFSET]))
    stage = cast(Stage, headers[STAGE])
    adds = error(number, stage, headers[ERROR_TYPE], int(headers[AT]))
    return Finished(place(record), source, record.key, True, int(headers[COST]), None, adds)


def _number(topic: str, partition: int, sources: Sources) -> int:
    number = sources.number(topic, partition)
    if number is None:
        raise ValueError(f"its ticket is from another topic, {topic}")
    return number


def _check_owner(record: ConsumerRecord, topics: Topics) -> None:
    if owner_of(record) not in ("", topics.app):
        raise NotOursError(f"of installation {owner_of(record)}")


def _number_of_ours(record: ConsumerRecord, topic: str, partition: int, sources: Sources) -> int:
    try:
        return _number(topic, partition, sources)
    except ValueError as error:
        if owner_of(record):
            raise
        raise NotOursError(str(error)) from None
