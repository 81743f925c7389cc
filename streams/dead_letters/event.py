"""The event that a dead letter becomes, and the letters that cannot become one."""

from aiokafka import ConsumerRecord

from streams.dead_letters.families import without_errors
from streams.dead_letters.letter import Letter, event_time, first_event, letter_of
from streams.delivery.records import Record, partition_for
from streams.events import headers as names

ROOM = 1024
"""Bytes kept free in the target's largest message, for Kafka's frame and the headers added here."""


def refusal(record: ConsumerRecord, letter: Letter, to: str | None, most_times: int) -> str | None:
    """Why this letter cannot be redriven, as one line for people; None if it can."""
    if record.value is None and letter.error_type == "too_large":
        return "too large to be kept: it has no value, the event is only where it came from"
    if to is None:
        return "its headers name no source topic: give --to"
    if to == record.topic:
        return "it would come back to the dead-letter topic itself"
    if letter.redriven >= most_times:
        return f"redriven {letter.redriven} times before: raise --most-times to try once more"
    return None


def event_of(record: ConsumerRecord, to: str, partitions: int) -> Record:
    """The original key, value and headers, and where they come from; for topic ``to``.

    It goes to the partition it was in, so that its key keeps to one; into another topic to that of
    Java's default partitioner. Its time is now, for a topic with a retention would delete an old
    event at once; the event's own is a header.
    """
    letter = letter_of(record)
    partition = letter.source_partition
    if to != letter.source_topic or partition is None or partition >= partitions:
        fallback = record.partition if partition is None else partition
        partition = partition_for(record.key, fallback, partitions)
    added = {
        names.REDRIVE_COUNT: str(letter.redriven + 1),
        names.REDRIVE_LETTER: letter.place,
        names.REDRIVE_EVENT: first_event(record),
        names.REDRIVE_TIMESTAMP: str(event_time(record)),
    }
    headers = [
        *without_errors(record.headers),
        *((name, text.encode()) for name, text in added.items()),
    ]
    return Record(to, partition, record.key, record.value, None, headers)
