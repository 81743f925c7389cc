import pytest

from streams.dead_letters.letter import letter_of
from streams.dead_letters.wanted import Wanted
from tests.dead_letters.records import CONNECT, NOW, OURS, Headers, record

GIVEN_UP = (NOW - 1_000) / 1000


@pytest.mark.parametrize(
    ("wanted", "headers"),
    [
        (Wanted(), OURS),
        (Wanted(error_types=("other", "not_json")), OURS),
        (Wanted(error_types=("DataException",)), CONNECT),
        (Wanted(error_types=("org.apache.kafka.connect.errors.DataException",)), CONNECT),
        (Wanted(stages=("decode",)), OURS),
        (Wanted(source_topic="orders"), OURS),
        (Wanted(since=GIVEN_UP), OURS),
        (Wanted(until=GIVEN_UP + 0.001), OURS),
        (Wanted(partition=0, offsets=range(7, 8)), OURS),
    ],
)
def test_it_is_taken(wanted: Wanted, headers: Headers) -> None:
    assert wanted(letter_of(record(headers)))


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(error_types=("json",)),
        Wanted(stages=("classify",)),
        Wanted(source_topic="others"),
        Wanted(since=GIVEN_UP + 0.001),
        Wanted(until=GIVEN_UP),
        Wanted(partition=1),
        Wanted(partition=0, offsets=range(8, 9)),
        Wanted(error_types=("not_json",), stages=("classify",)),
    ],
)
def test_it_is_left(wanted: Wanted) -> None:
    assert not wanted(letter_of(record(OURS)))
