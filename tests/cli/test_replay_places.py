"""Times and offsets on the command line."""

from typing import Any

import click
import pytest

from streams.cli.replay_places import PlaceType, of_topics
from streams.events.sources import Place
from streams.events.topics import Topics
from streams.settings import load_settings


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("earliest", 0.0),
        ("2026-11-21T00:00", 1_795_219_200.0),
        ("2026-11-21T00:00:00", 1_795_219_200.0),
        ("3:17", {Place("", 3): 17}),
        ("0:5,1:6", {Place("", 0): 5, Place("", 1): 6}),
        ("t.a-b:0:5,t:1:6", {Place("t.a-b", 0): 5, Place("t", 1): 6}),
    ],
)
def test_a_place_is_a_time_or_offsets(text: str, place: Any) -> None:
    assert PlaceType().convert(text, None, None) == place


@pytest.mark.parametrize("text", ["", "soon", "1:", "t:1", "t:1:", "t/u:1:2", "1:2,", "-1:5"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        PlaceType().convert(text, None, None)


def read(text: str, *inputs: str, more: list[str]) -> Any:
    topics = Topics.of(load_settings(input_topics=more))
    return of_topics(PlaceType().convert(text, None, None), "--from", topics, inputs)


def test_offsets_without_a_topic_are_of_the_only_one_that_can_be_meant() -> None:
    assert read("0:5", more=[]) == {Place("tickets", 0): 5}
    assert read("0:5", "mail", more=["mail"]) == {Place("mail", 0): 5}
    both = {Place("mail", 0): 5, Place("tickets", 0): 6}
    assert read("mail:0:5,tickets:0:6", more=["^ma"]) == both
    with pytest.raises(click.BadParameter, match="TOPIC:PARTITION:OFFSET"):
        read("0:5", "mail", "tickets", more=["mail"])


def test_a_time_is_of_all_topics() -> None:
    assert read("earliest", more=["mail"]) == 0.0
