"""Where a replay begins and ends, as it is said on the command line."""

import re
from collections.abc import Mapping
from typing import Any

import click

from streams.cli.dead_letter_options import Moment
from streams.events.sources import Place
from streams.events.topics import Topics
from streams.replay.making import When

OFFSET = r"(?:([\w.-]+):)?(\d+):(\d+)"


class PlaceType(click.ParamType):
    """A time as Moment has it, ``earliest``, or ``PARTITION:OFFSET`` with commas between, each with
    its topic before it or not: then the place's topic is empty."""

    name = "time|offsets"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> When:
        """Epoch seconds, or offsets by partition. Fails with a usage error."""
        text = str(value)
        if text == "earliest":
            return 0.0
        try:  # first: 2026-11-21T09:30:00 has colons too
            return Moment().convert(value, param, ctx)
        except click.BadParameter:
            pass
        pairs = [re.fullmatch(OFFSET, pair, re.ASCII) for pair in text.split(",")]
        if not all(pairs):
            said = "neither a time, like 2h or 2026-11-21T09:30, nor offsets, like 0:1200"
            self.fail(f"{value!r} is {said} or tickets:0:1200", param, ctx)
        found = [pair.groups("") for pair in pairs if pair]
        return {Place(topic, int(p)): int(offset) for topic, p, offset in found}


def of_topics(when: When, option: str, topics: Topics, inputs: tuple[str, ...]) -> When:
    """Offsets with their topics: that of those that name none must be clear. ``inputs`` are those
    that --topic names. Raises BadParameter."""
    if not isinstance(when, Mapping):
        return when
    named = {Place(_topic_of(p, option, topics, inputs), p.partition): at for p, at in when.items()}
    for topic in sorted({place.topic for place in named}):
        if not topics.is_input(topic):
            raise click.BadParameter(f"{topic} is no input topic of ours", param_hint=option)
        if inputs and topic not in inputs:
            raise click.BadParameter(f"{topic} is not among those of --topic", param_hint=option)
    return named


def _topic_of(place: Place, option: str, topics: Topics, inputs: tuple[str, ...]) -> str:
    if place.topic:
        return place.topic
    if len(inputs) == 1:
        return inputs[0]
    if topics.more_inputs:
        said = "there are several input topics: say TOPIC:PARTITION:OFFSET, or name one by --topic"
        raise click.BadParameter(said, param_hint=option)
    return topics.input
