"""The options that ``dead-letters list``, ``show`` and ``redrive`` share."""

import re
import time
import unicodedata
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from streams.cli.common import Duration, Instant
from streams.dead_letters.wanted import Wanted


class Moment(click.ParamType):
    """``2h`` for two hours ago, or a time in ISO 8601; as epoch seconds."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Epoch seconds. Fails with a usage error."""
        try:
            return time.time() - Duration().convert(value, param, ctx)
        except click.BadParameter:
            pass
        try:
            return Instant().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is neither like 2h nor like 2026-11-21T09:30", param, ctx)


class Offsets(click.ParamType):
    """``17``, or ``17-40`` with both ends."""

    name = "offsets"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> range:
        """The offsets. Fails with a usage error."""
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", str(value), re.ASCII)
        if not match:
            self.fail(f"{value!r} is neither an offset nor a range like 17-40", param, ctx)
        return range(int(match[1]), int(match[2] or match[1]) + 1)


class Place(click.ParamType):
    """``PARTITION:OFFSET`` in the dead-letter topic."""

    name = "partition:offset"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Both numbers. Fails with a usage error."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d+):(\d+)", str(value), re.ASCII)
        if not match:
            self.fail(f"{value!r} is not like 3:1042, a partition and an offset", param, ctx)
        return int(match[1]), int(match[2])


topic_option = click.option(
    "--topic",
    metavar="TOPIC",
    help="Another dead-letter topic, as Kafka Streams, Kafka Connect or Spring write them.",
)

all_apps_option = click.option(
    "--all-apps", is_flag=True, help="Those of other installations too that share the topic."
)

_FILTERS = (
    click.option(
        "--error-type",
        "error_types",
        multiple=True,
        metavar="TYPE",
        help="Only these, such as not_json, or a class of Java; may be given several times.",
    ),
    click.option(
        "--stage",
        "stages",
        multiple=True,
        metavar="STAGE",
        help="Only these: decode or classify; may be given several times.",
    ),
    click.option("--source-topic", metavar="TOPIC", help="Only events of this topic."),
    click.option("--since", type=Moment(), help="Given up since then: 2h (ago), or ISO, UTC."),
    click.option("--until", type=Moment(), help="Given up before then: 2h (ago), or ISO, UTC."),
    click.option(
        "--partition", type=click.IntRange(min=0), help="Only this one of the dead-letter topic."
    ),
    click.option("--offset", "offsets", type=Offsets(), help="Only these of it: 17, or 17-40."),
)


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the filters; the command gets them as one :class:`Wanted`."""

    @wraps(command)
    def with_wanted(
        *,
        error_types: tuple[str, ...],
        stages: tuple[str, ...],
        source_topic: str | None,
        since: float | None,
        until: float | None,
        partition: int | None,
        offsets: range | None,
        **others: Any,
    ) -> Any:
        if offsets is not None and partition is None:
            raise click.UsageError("--offset needs --partition")
        wanted = Wanted(error_types, stages, source_topic, since, until, partition, offsets)
        return command(wanted=wanted, **others)

    decorated: Callable[..., Any] = with_wanted
    for option in reversed(_FILTERS):
        decorated = option(decorated)
    return decorated


def printable(text: str) -> str:
    """``text`` without what would drive a terminal; line breaks and tabs stay."""
    return "".join(
        c
        if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs")
        else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )
