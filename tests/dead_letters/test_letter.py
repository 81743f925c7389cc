"""What a dead letter tells of itself."""

import pytest

from streams.dead_letters.letter import letter_of
from streams.events.headers import APP, RUN
from tests.dead_letters.records import CONNECT, KAFKA_STREAMS, OURS, SPRING, Headers, record


def test_it_tells_which_installation_gave_it_up() -> None:
    assert letter_of(record(OURS)).is_of("us")
    of_others = letter_of(record([*OURS, (APP, b"them")]))
    assert of_others.as_json()["app"] == "them"
    assert not of_others.is_of("us")
    assert of_others.is_of("them")
    of_replay = letter_of(record([*OURS, (APP, b"us-replay-trial"), (RUN, b"trial")]))
    assert (of_replay.run, of_replay.is_of("us")) == ("trial", True)


@pytest.mark.parametrize("family", [KAFKA_STREAMS, CONNECT, SPRING])
def test_what_others_gave_up_is_nobody_s_though_we_had_routed_it(family: Headers) -> None:
    letter = letter_of(record([(APP, b"them"), *family]))
    assert (letter.app, letter.is_of("us")) == ("", True)
