"""The records of a finished ticket."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from streams.classify.categories import Category
from streams.delivery.records import (
    _remembered_hash,
    dead_letter,
    held_row,
    partition_for,
    released_row,
    routed,
    skipped_record,
)
from streams.delivery.work import MOST_BYTES, DeadLetter
from streams.events.headers import RUN
from streams.events.model import Done, RoutedTicket, SkippedRun, SkipReason, Source, Ticket
from streams.events.sources import Place
from streams.events.topics import Topics
from streams.events.wire import ENCODERS, decode_done, decode_routed, decode_skipped
from streams.settings import Settings
from tests.delivery.events import TOPICS, classification, work

COUNTS = dict.fromkeys([*TOPICS.categories.values(), TOPICS.dead_letter], 8)
LETTER = DeadLetter("not_json", "not JSON at line 1, column 1", "decode", 2, 55, 1_700_000_000_123)


# Of Kafka's own tests (UtilsTest.testMurmur2): hash by key, as signed 32-bit integers.
@pytest.mark.parametrize(
    ("key", "java"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_partition_is_the_one_that_java_chooses(key: bytes, java: int) -> None:
    for partitions in (1, 2, 3, 7, 8, 100):
        assert partition_for(key, 0, partitions) == (java & 0x7FFFFFFF) % partitions


@given(st.binary(max_size=300), st.integers(1, 64))
def test_the_partition_is_aiokafka_s(key: bytes, partitions: int) -> None:
    every = list(range(partitions))
    assert partition_for(key, 5, partitions) == DefaultPartitioner()(key, every, every)


def test_without_a_key_the_source_partition_is_kept_as_far_as_it_goes() -> None:
    assert partition_for(None, 3, 8) == 3
    assert partition_for(None, 11, 8) == 3


def test_long_keys_are_not_remembered() -> None:
    before = _remembered_hash.cache_info().currsize
    for n in range(100):
        partition_for(bytes([n]) * 1_000, 0, 8)
    assert _remembered_hash.cache_info().currsize == before


@pytest.mark.parametrize("fmt", ["avro", "json"])
def test_a_routed_ticket_keeps_key_and_headers_and_tells_where_it_came_from(fmt: str) -> None:
    ticket = Ticket("t1", "hello")
    forged = [("ticket-streams.source.offset", b"1"), ("ticket-streams.app", b"other")]
    done = work(headers=[("traceparent", b"00-x"), ("empty", None), *forged], ticket=ticket)
    result = classification("product_feedback")
    record = routed(done, result, TOPICS, COUNTS, ENCODERS[fmt])  # type: ignore[index]
    assert record.topic == "tickets.product-feedback"
    assert record.key == b"k"
    assert record.partition == partition_for(b"k", 3, 8)
    assert record.value is not None
    assert decode_routed(record.value) == RoutedTicket(ticket, result, Source("tickets", 3, 7))
    assert list(record.headers) == [
        ("traceparent", b"00-x"),
        ("empty", None),
        ("ticket-streams.source.topic", b"tickets"),
        ("ticket-streams.source.partition", b"3"),
        ("ticket-streams.source.offset", b"7"),
        ("ticket-streams.app", b"ticket-streams"),
    ]


def test_the_header_that_named_the_schema_of_the_event_goes_as_its_value_does() -> None:
    event = work(headers=[("__value_schema_id", b"\1" + b"g" * 16)], ticket=Ticket("t1", "hello"))
    record = routed(event, classification(), TOPICS, COUNTS, ENCODERS["avro"])
    assert "__value_schema_id" not in dict(record.headers)
    letter = dead_letter(event, LETTER, TOPICS, COUNTS)  # whose value is still the event's
    assert dict(letter.headers)["__value_schema_id"] == b"\1" + b"g" * 16


def test_in_a_shared_topic_a_header_tells_the_category() -> None:
    given = (Category("billing"), Category("account", topic="own"))
    topics = Topics.of(Settings(output_topic="all", categories=given))
    counts = {"all": 8, "own": 8}
    event = work(ticket=Ticket("t1", "hello"))
    fixed = [("team", b"support")]
    shared, own = (
        routed(event, classification(name), topics, counts, ENCODERS["json"], fixed=fixed)
        for name in ("billing", "account")
    )
    assert (shared.topic, own.topic) == ("all", "own")
    assert list(shared.headers)[-2:] == [("ticket-streams.category", b"billing"), *fixed]
    assert list(own.headers)[-1:] == fixed
    assert "ticket-streams.category" not in dict(own.headers)


def test_what_was_never_decoded_cannot_be_routed() -> None:
    with pytest.raises(ValueError, match="decoded"):
        routed(work(), classification(), TOPICS, COUNTS, ENCODERS["avro"])


def test_a_dead_letter_is_the_event_with_its_reason() -> None:
    event = work(value=b"\xff not json", headers=[("traceparent", b"00-x")])
    record = dead_letter(event, LETTER, TOPICS, COUNTS)
    assert (record.topic, record.key, record.value) == (
        "tickets.dead-letter",
        b"k",
        b"\xff not json",
    )
    assert record.partition == partition_for(b"k", 3, 8)
    assert dict(record.headers) == {
        "traceparent": b"00-x",
        "__streams.errors.topic": b"tickets",
        "__streams.errors.partition": b"3",
        "__streams.errors.offset": b"7",
        "__streams.errors.exception": b"not_json",
        "__streams.errors.message": b"not JSON at line 1, column 1",
        "ticket-streams.error.type": b"not_json",
        "ticket-streams.error.stage": b"decode",
        "ticket-streams.attempt": b"2",
        "ticket-streams.cost_picodollars": b"55",
        "ticket-streams.at": b"1700000000123",
        "ticket-streams.app": b"ticket-streams",
        "ticket-streams.source.timestamp": b"1000",
    }


def test_a_dead_letter_of_an_old_event_is_not_old() -> None:
    """Kafka deletes by the record's time: one of last year would be gone at once."""
    assert dead_letter(work(), LETTER, TOPICS, COUNTS).timestamp is None


@pytest.mark.parametrize(
    "event",
    [
        work(value=b"x" * (MOST_BYTES + 1)),
        work(value=b"x", headers=[("h", b"x" * MOST_BYTES)]),
        work(key=b"k" * (MOST_BYTES + 1), value=b"x"),
    ],
)
def test_a_dead_letter_always_fits_into_its_topic(event: object) -> None:
    record = dead_letter(event, LETTER, TOPICS, COUNTS)  # type: ignore[arg-type]
    size = len(record.key or b"") + len(record.value or b"")
    size += sum(len(name) + len(value or b"") for name, value in record.headers)
    assert size < 2**22 - 10_000
    assert dict(record.headers)["__streams.errors.offset"] == b"7"


def test_done_rows_go_to_the_source_partition() -> None:
    event, result = work(), classification()
    out, held = released_row(event, TOPICS), held_row(event, result, TOPICS)
    for record in (out, held):
        assert (record.topic, record.partition, record.key) == ("ticket-streams-done", 3, b"7")
    assert out.value is not None
    assert held.value is not None
    assert decode_done(out.value) == Done(7, released=True)
    assert decode_done(held.value) == Done(7, released=False, result=result)


def test_skipped_events_are_one_record_with_their_offsets_in_runs() -> None:
    events: list[tuple[int, SkipReason]] = [
        (9, "filtered"),
        (4, "filtered"),
        (3, "filtered"),
        (5, "tombstone"),
        (8, "filtered"),
    ]
    record = skipped_record(TOPICS, Place("mail", 1), 3, events)
    assert (record.topic, record.partition, record.key) == (TOPICS.skipped, 3, None)
    found = decode_skipped(record.value or b"")
    assert (found.source_topic, found.source_partition) == ("mail", 1)
    assert found.runs == (
        SkippedRun(3, 4, "filtered"),
        SkippedRun(5, 5, "tombstone"),
        SkippedRun(8, 9, "filtered"),
    )


def test_a_letter_that_is_too_large_still_says_that_it_is_a_replays() -> None:
    item = work(value=b"x" * (MOST_BYTES + 1), headers=[("own", b"1"), (RUN, b"r1")])
    names = dict(dead_letter(item, LETTER, TOPICS, COUNTS).headers)
    assert names[RUN] == b"r1"
    assert "own" not in names
