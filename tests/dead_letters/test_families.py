import pytest

from streams.dead_letters.families import Cause, cause_of, number, without_errors
from tests.dead_letters.records import CONNECT, KAFKA_STREAMS, NOW, OURS, SPRING, Headers


@pytest.mark.parametrize(
    ("headers", "cause"),
    [
        (
            OURS,
            Cause(
                "ticket-streams", "orders", 3, 1042, NOW - 60_000,
                "not_json", "no magic byte", "decode",
            ),
        ),
        (
            KAFKA_STREAMS,
            Cause(
                "kafka-streams", "orders", 3, 1042, None,
                "org.apache.kafka.common.errors.SerializationException", "no magic byte", "",
            ),
        ),
        (
            CONNECT,
            Cause(
                "kafka-connect", "orders", 3, 1042, None,
                "org.apache.kafka.connect.errors.DataException", "no magic byte",
                "VALUE_CONVERTER",
            ),
        ),
        (
            SPRING,
            Cause(
                "spring", "orders", 3, 1042, NOW - 60_000,
                "org.springframework.kafka.listener.ListenerExecutionFailed", "no magic byte", "",
            ),
        ),
        ([("traceparent", b"00-1")], Cause()),
    ],
    ids=["ours", "kafka-streams", "kafka-connect", "spring", "none"],
)  # fmt: skip
def test_every_family_tells_the_same(headers: Headers, cause: Cause) -> None:
    assert cause_of(headers) == cause


def test_what_spring_s_listener_threw_tells_more_than_the_wrapper() -> None:
    headers = [*SPRING, ("kafka_dlt-exception-cause-fqcn", b"java.lang.IllegalStateException")]
    assert cause_of(headers).error_type == "java.lang.IllegalStateException"


def test_the_family_that_was_added_last_counts() -> None:
    assert cause_of([*CONNECT, *OURS]).family == "ticket-streams"
    assert cause_of([*OURS, *CONNECT]).family == "kafka-connect"


def test_of_a_header_written_twice_the_last_counts() -> None:
    # An event may bring such headers of its own; ours are behind them.
    assert cause_of([("__streams.errors.topic", b"forged"), *OURS]).topic == "orders"


@pytest.mark.parametrize("family", [OURS, KAFKA_STREAMS, CONNECT, SPRING])
def test_only_the_event_s_own_headers_are_left(family: Headers) -> None:
    own: Headers = [("traceparent", b"00-1"), ("empty", None), ("traceparent", b"00-2")]
    earlier: Headers = [("ticket-streams.redrive.count", b"1"), ("retry_topic-attempts", b"\0" * 4)]
    assert without_errors([*own, *earlier, *family]) == own


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"0", 0),
        (b"1042", 1042),
        (b"12345678", 12_345_678),
        (b"\0\0\0\x11", 17),
        (b"\0" * 7 + b"\x11", 17),
        (b"\xff\xff\xff\xff", None),
        (b"-1", None),
        (b"9" * 20, None),
        ("\u0661".encode(), None),
        (b"", None),
        (None, None),
    ],
)
def test_numbers_are_digits_or_java_s_binary(value: bytes | None, expected: int | None) -> None:
    assert number(value) == expected
