"""What has been redriven: a topic with a row for each letter.

A row is written in the transaction that produces the event again, so there is one exactly if the
other is there. Its key names the letter. Its value tells the letter's own time too: a topic that
was deleted and made again has other letters at the same offsets.
"""

import json

from aiokafka import ConsumerRecord

from streams.access.connection import Address
from streams.audit.snapshot import Snapshot
from streams.audit.topic_admin import create, open_admin, partition_counts
from streams.delivery.records import Record
from streams.events.times import now_ms
from streams.events.topics import TopicSpec
from streams.settings import Settings

Marks = dict[str, int]
"""Time of the letter (epoch milliseconds) by its key in the topic."""


def topic_of(settings: Settings) -> str:
    """Name of the topic."""
    return f"{settings.app_id}-redriven"


def key_of(letter: ConsumerRecord) -> str:
    """``topic/partition/offset`` of the letter."""
    return f"{letter.topic}/{letter.partition}/{letter.offset}"


def is_marked(letter: ConsumerRecord, marks: Marks) -> bool:
    """Whether this letter, and no older one of that place, was redriven."""
    timestamp: int = letter.timestamp
    return marks.get(key_of(letter)) == timestamp


def mark(topic: str, letter: ConsumerRecord, to: str) -> Record:
    """The row that says ``letter`` was redriven to topic ``to``."""
    row = {
        "letter_timestamp": letter.timestamp,
        "to": to,
        "redriven_at": now_ms(),
    }
    return Record(topic, 0, key_of(letter).encode(), json.dumps(row).encode())


async def read_marks(snapshot: Snapshot, topic: str) -> Marks:
    """All rows; none where there is no such topic yet. Waits for transactions that are open."""
    if topic not in await partition_counts(snapshot.admin):
        return {}
    marks: Marks = {}
    async for row in snapshot.read(await snapshot.written([topic])):
        marks[row.key.decode()] = json.loads(row.value)["letter_timestamp"]
    return marks


async def create_topic(bootstrap: Address, topic: str) -> None:
    """Makes the topic where it is missing. Raises UnreachableError and TopicCreationError.

    Compacted, not deleted: a letter may be kept for longer than any time one could choose here.
    """
    async with open_admin(bootstrap) as admin:
        if topic in await partition_counts(admin):
            return
        await create(admin, [TopicSpec(topic, False, {"cleanup.policy": "compact"})], 1)
