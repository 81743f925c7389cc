"""Whose a transaction without an end is, and which tickets are in it. No Kafka."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.delivery.open_transactions import Open
from streams.delivery.records import dead_letter, routed
from streams.delivery.unended import again, source_offset, theirs, written_by_one
from streams.delivery.work import DeadLetter
from streams.events.model import Ticket
from streams.events.sources import Place
from streams.events.topics import Topics
from streams.events.wire import ENCODERS
from streams.settings import Settings
from tests.delivery.events import TOPICS, classification, work

OURS, OTHERS = 7, 8
CALLS, OUT = TopicPartition(TOPICS.calls, 3), TopicPartition("tickets.billing", 0)
HOME = Place("tickets", 3)
PARTITIONS = dict.fromkeys([*TOPICS.categories.values(), TOPICS.dead_letter], 8)


@pytest.mark.parametrize(
    ("found", "told", "expected"),
    [
        ({OUT}, {OUT: {OURS: 40, OTHERS: 30}}, {OUT: 40}),
        ({OUT}, {OUT: {OTHERS: 30}}, {}),
        ({OUT}, {}, {}),  # Kafka does not tell: it may be anybody's
        ({OUT, CALLS}, {}, {OUT: None, CALLS: None}),
        ({OUT, CALLS}, {OUT: {OTHERS: 30}}, {CALLS: None}),
    ],
)
def test_what_is_left_is_theirs_where_kafka_says_so_or_nobody_else_writes(
    found: set[TopicPartition], told: Open, expected: dict[TopicPartition, int | None]
) -> None:
    assert theirs(found, told, [CALLS], OURS) == expected


def test_the_skipped_topic_is_looked_at_only_where_it_is_needed() -> None:
    skips = Topics.of(Settings(tombstones="skip"))
    assert TopicPartition(skips.skipped, 3) in written_by_one(skips, 3)
    letters = Topics.of(Settings(tombstones="dead_letter"))
    assert TopicPartition(letters.skipped, 3) not in written_by_one(letters, 3)


def as_read(record: Any) -> Any:
    return SimpleNamespace(**{**record._asdict(), "headers": tuple(record.headers)})


def test_a_result_tells_which_ticket_it_is_of_and_can_be_sent_once_more() -> None:
    item = work(41, ticket=Ticket("t1", "hello"))
    letter = DeadLetter("not_json", "no JSON", "decode", 0, 0, 1_000)
    for record in (
        routed(item, classification(), TOPICS, PARTITIONS, ENCODERS["avro"]),
        dead_letter(item, letter, TOPICS, PARTITIONS),
    ):
        read = as_read(record)
        assert source_offset(read, TOPICS, HOME) == 41
        assert source_offset(read, TOPICS, Place("tickets", 4)) == -1
        assert source_offset(read, TOPICS, Place("mail", 3)) == -1
        assert source_offset(read, Topics.of(Settings(app_id="other")), HOME) == -1
        assert again(read) == record


def test_what_a_letter_had_in_its_headers_before_is_not_taken_for_its_place() -> None:
    older = [("__streams.errors.offset", b"5"), ("__streams.errors.partition", b"9")]
    letter = DeadLetter("not_json", "no JSON", "decode", 0, 0, 1_000)
    record = dead_letter(work(41, headers=older), letter, TOPICS, PARTITIONS)
    assert source_offset(as_read(record), TOPICS, HOME) == 41
