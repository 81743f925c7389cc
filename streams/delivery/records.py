"""The Kafka records of a finished ticket: a routed event or a dead letter, and its done row."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from aiokafka.partitioner import murmur2

from streams.delivery.size import Headers
from streams.delivery.work import MOST_BYTES, DeadLetter, Work
from streams.events import headers
from streams.events.framing import without_schema
from streams.events.model import (
    CallRecord,
    Classification,
    Done,
    RoutedTicket,
    SkippedEvents,
    SkippedRun,
    SkipReason,
    Source,
)
from streams.events.sources import Place
from streams.events.times import now_ms
from streams.events.topics import Topics
from streams.events.wire import Format, RoutedEncoder, encode_call, encode_done, encode_skipped


class Record(NamedTuple):
    """One record to send."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp: int | None = None
    headers: Headers = ()


Dress = Callable[[Headers, RoutedTicket], Headers]
"""From the headers of the event that came to those of its routed ticket, but our coordinates."""


def undressed(headers: Headers, routed: RoutedTicket) -> Headers:
    """As they came."""
    del routed
    return headers


SHORT_KEY = 64
"""Bytes of a key whose hash is remembered: 100,000 long ones would take all memory."""


def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


_remembered_hash = lru_cache(maxsize=100_000)(_hash)


def partition_for(key: bytes | None, source_partition: int, partitions: int) -> int:
    """Java's default partitioner; an event without a key keeps to its source partition."""
    if key is None:
        return source_partition % partitions
    return (_remembered_hash(key) if len(key) <= SHORT_KEY else _hash(key)) % partitions


def routed(
    work: Work,
    result: Classification,
    topics: Topics,
    partitions: dict[str, int],
    encoder: RoutedEncoder,
    dress: Dress = undressed,
    fixed: Headers = (),
) -> Record:
    """The routed event of ``work``, with the ``fixed`` headers of the settings too.

    A producer's headers of our names are left out: they could tell another source. Raises
    ValueError if the ticket was never decoded.
    """
    if work.ticket is None:
        raise ValueError("only a decoded ticket can be routed")
    topic = topics.categories[result.category]
    ticket = RoutedTicket(work.ticket, result, work.source)
    return Record(
        topic,
        partition_for(work.key, work.source.partition, partitions[topic]),
        work.key,
        encoder.encode(ticket),
        None,
        [
            *(
                header
                for header in dress(without_schema(work.headers), ticket)
                if not header[0].startswith((headers.ROUTED_SOURCE, headers.CATEGORY, headers.APP))
            ),
            *_coordinates(headers.ROUTED_SOURCE, work.source),
            (headers.APP, topics.app.encode()),
            *([(headers.CATEGORY, result.category.encode())] if topic == topics.shared else ()),
            *fixed,
        ],
    )


def dead_letter(
    work: Work, letter: DeadLetter, topics: Topics, partitions: dict[str, int]
) -> Record:
    """The original event with the reason in its headers (KIP-1034's names, and our own).

    Of an event that is too large for any of our topics only the headers written here are left, and
    its key where that fits: they tell where the event is.
    """
    too_large = work.size > MOST_BYTES
    own = {
        headers.EXCEPTION: letter.error_type,
        headers.MESSAGE: letter.message,
        headers.ERROR_TYPE: letter.error_type,
        headers.STAGE: letter.stage,
        headers.ATTEMPT: str(letter.attempts),
        headers.COST: str(letter.cost_picodollars),
        headers.AT: str(letter.at),
        # Not as the record's own: Kafka would delete the letter of an old event at once.
        headers.SOURCE_TIMESTAMP: str(work.timestamp),
        headers.APP: topics.app,
    }
    return Record(
        topics.dead_letter,
        partition_for(work.key, work.source.partition, partitions[topics.dead_letter]),
        None if len(work.key or b"") > MOST_BYTES else work.key,
        None if too_large else work.value,
        None,
        [
            *(h for h in work.headers if not too_large or h[0] == headers.RUN),
            *_coordinates(headers.DEAD_LETTER_SOURCE, work.source),
            *((name, text.encode()) for name, text in own.items()),
        ],
    )


def skipped_record(
    topics: Topics, source: Place, number: int, events: Iterable[tuple[int, SkipReason]]
) -> Record:
    """One for all events that a transaction skips: their offsets in runs, whose ends it names."""
    value = encode_skipped(SkippedEvents(*source, now_ms(), _runs(sorted(events))))
    return Record(topics.skipped, number, None, value)


def _runs(events: Iterable[tuple[int, SkipReason]]) -> Sequence[SkippedRun]:
    runs: list[SkippedRun] = []
    for offset, reason in events:
        last = runs[-1] if runs else None
        if last is not None and last.reason == reason and last.last_offset == offset - 1:
            runs[-1] = SkippedRun(last.first_offset, offset, reason)
        else:
            runs.append(SkippedRun(offset, offset, reason))
    return runs


def booked(call: CallRecord, topics: Topics, fmt: Format = "avro") -> tuple[Record, Record]:
    """The call's record, and what closes its intent."""
    key, partition = call.call_id.encode(), call.number
    return (
        Record(topics.calls, partition, key, encode_call(call, fmt)),
        Record(topics.intents, partition, key, None),
    )


def released_row(work: Work, topics: Topics) -> Record:
    """Done: the event of ``work`` is out."""
    return _done_row(work, Done(work.source.offset, released=True), topics)


def held_row(work: Work, result: Classification, topics: Topics) -> Record:
    """Paid for, but waiting for an earlier ticket of its key."""
    return _done_row(work, Done(work.source.offset, released=False, result=result), topics)


def ask_again_row(work: Work, so_far: Classification, topics: Topics) -> Record:
    """Not to be used, but paid: what the ticket's calls have cost outlives this worker."""
    return _done_row(
        work, Done(work.source.offset, released=False, result=so_far, ask_again=True), topics
    )


def _done_row(work: Work, done: Done, topics: Topics) -> Record:
    key = str(work.source.offset).encode()
    return Record(topics.done, work.source.number, key, encode_done(done))


def _coordinates(prefix: str, source: Source) -> list[tuple[str, bytes]]:
    return [
        (prefix + "topic", source.topic.encode()),
        (prefix + "partition", str(source.partition).encode()),
        (prefix + "offset", str(source.offset).encode()),
    ]
