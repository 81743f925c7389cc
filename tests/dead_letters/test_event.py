from streams.dead_letters.event import event_of, refusal
from streams.dead_letters.families import text
from streams.dead_letters.letter import letter_of
from streams.delivery.records import Record, partition_for
from tests.dead_letters.records import NOW, OURS, SPRING, Headers, record


def said(event: Record) -> dict[str, str]:
    return {name: text(value) for name, value in event.headers}


def test_the_event_is_the_original_again_and_tells_where_it_comes_from() -> None:
    event = event_of(record([("traceparent", b"00-1"), *OURS]), "orders", 8)
    assert (event.topic, event.partition, event.key, event.value) == (
        "orders",
        3,
        b"customer-1",
        b"{",
    )
    assert said(event) == {
        "traceparent": "00-1",
        "ticket-streams.redrive.count": "1",
        "ticket-streams.redrive.letter": "orders.dead-letter[0]@7",
        "ticket-streams.redrive.event": "orders[3]@1042",
        "ticket-streams.redrive.timestamp": str(NOW - 60_000),
    }


def test_its_time_is_now_for_retention_would_delete_an_old_event() -> None:
    assert event_of(record(OURS), "orders", 8).timestamp is None


def test_the_count_goes_up_and_the_first_event_is_remembered() -> None:
    first = event_of(record(OURS), "orders", 8)
    second = event_of(record([*first.headers, *SPRING], offset=9), "orders", 8)
    headers = said(second)
    assert headers["ticket-streams.redrive.count"] == "2"
    assert headers["ticket-streams.redrive.letter"] == "orders.dead-letter[0]@9"
    assert headers["ticket-streams.redrive.event"] == "orders[3]@1042"
    assert headers["ticket-streams.redrive.timestamp"] == str(NOW - 60_000)
    assert len(second.headers) == len(headers)


def test_into_another_topic_it_goes_by_its_key() -> None:
    event = event_of(record(OURS), "repair", 16)
    assert event.partition == partition_for(b"customer-1", 0, 16)


def test_a_partition_that_is_not_there_is_never_written() -> None:
    event = event_of(record(OURS, key=None), "orders", 2)
    assert event.partition == 1


def why(headers: Headers, to: str | None = "orders", value: bytes | None = b"{") -> str | None:
    letter = record(headers, value=value)
    return refusal(letter, letter_of(letter), to, 3)


def test_a_letter_can_be_redriven_until_it_was_so_often() -> None:
    assert why([*OURS, ("ticket-streams.redrive.count", b"2")]) is None
    assert "redriven 3 times" in str(why([*OURS, ("ticket-streams.redrive.count", b"3")]))


def test_a_letter_that_was_too_large_to_be_kept_is_refused_and_a_tombstone_is_not() -> None:
    too_large: Headers = [*OURS, ("ticket-streams.error.type", b"too_large")]
    assert "too large to be kept" in str(why(too_large, value=None))
    assert why(too_large) is None
    assert why(OURS, value=None) is None


def test_a_letter_without_a_source_needs_a_target_and_none_comes_back_to_its_own_topic() -> None:
    assert "--to" in str(why([], to=None))
    assert "itself" in str(why(OURS, to="orders.dead-letter"))
