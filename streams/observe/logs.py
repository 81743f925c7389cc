"""Log lines: to standard error, UTC, and never a flood. Ticket text and keys are never logged."""

import logging
import time
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pythonjsonlogger.json import JsonFormatter

LogFormat = Literal["text", "json"]

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

QUIET = {
    **dict.fromkeys(("aiokafka", "asyncio", "aiohttp", "anthropic"), logging.WARNING),
    # What Faust has to say of a rebalance we say ourselves; under our modules' names log its
    # services of which a class of ours is a kind.
    **dict.fromkeys(
        ("faust", "mode", "streams.delivery.faust_door", "streams.delivery.tables"), logging.ERROR
    ),
}
"""Least severe messages of libraries that reach the log."""

MOST_IN_A_WHILE = 5
MOST_OF_LIBRARIES = 3
WHILE = 60.0
"""Lines of one message template in so many seconds; fewer where it is not ours. A broker that is
away makes aiokafka write 120 lines a second, of a dozen templates: ten minutes of that are to be
fewer than 200 lines."""

MOST_TEMPLATES = 1_000
"""Remembered at most: a library that formats its messages itself makes a new one each time."""


@dataclass(slots=True)
class Ration:
    """Of one message template. Times are monotonic seconds."""

    most: int = MOST_IN_A_WHILE
    written: list[float] = field(default_factory=list)
    """When, within the last while."""
    left_out: int = 0
    pause: float = 0.0
    """Of a flood, else 0; it doubles for as long as the flood lasts."""
    until: float = 0.0
    """When the pause ends."""

    def allows(self, now: float) -> bool:
        """Whether one more may be written now. Takes it for written, or for left out."""
        if now < self.until:
            self.left_out += 1
            return False
        if self.left_out:  # the flood lasts
            self.pause *= 2
            self.until = now + self.pause
            return True
        self.written = [*(at for at in self.written if now - at < WHILE), now]
        if len(self.written) >= self.most:
            self.pause = WHILE
            self.until = self.written[0] + WHILE
        return True


class Rationed(logging.Filter):
    """Lets each message template through a few times in a while, and says how many it left out."""

    def __init__(self) -> None:
        super().__init__()
        self._rations: dict[tuple[str, str], Ration] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write the record."""
        template = (record.name, str(record.msg)[:80])
        if len(self._rations) >= MOST_TEMPLATES and template not in self._rations:
            self._rations.clear()
        if (ration := self._rations.get(template)) is None:
            ours = record.name.partition(".")[0] == "streams"
            ration = Ration(MOST_IN_A_WHILE if ours else MOST_OF_LIBRARIES)
            self._rations[template] = ration
        if not ration.allows(time.monotonic()):
            return False
        if ration.left_out:
            record.msg = f"{record.msg} [{ration.left_out} more like this in between]"
            ration.left_out = 0
        return True


class JsonLine(JsonFormatter):
    """One JSON object a line: ts, level, logger, message, and what the record tells besides:
    topic, partition, offset, call_id; ``exception`` where there is one."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
            timestamp="ts",
            json_ensure_ascii=False,
        )


def formatter(style: LogFormat) -> logging.Formatter:
    """Times are UTC."""
    if style == "json":
        return JsonLine()
    text = logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%SZ")
    text.converter = time.gmtime
    return text


class Placed(Protocol):
    """What has a place in a topic: an event's source, or a record."""

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102


def fields_of(event: Placed) -> dict[str, object]:
    """Where the event is that a line is about, as ``extra``: fields of their own in JSON."""
    return {"topic": event.topic, "partition": event.partition, "offset": event.offset}


def configure(level: str, style: LogFormat = "text") -> None:
    """Set up logging for a command. Libraries speak up only when something is wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(style))
    handler.setLevel(level)
    handler.addFilter(Rationed())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("streams").setLevel(level)
    quiet_libraries()


def quiet_libraries() -> None:
    """Once more after Faust's start: it sets levels of its own, and building records costs CPU."""
    logging.getLogger().setLevel(logging.WARNING)
    for name in [*QUIET, *logging.root.manager.loggerDict]:
        level = QUIET.get(name) or QUIET.get(name.split(".")[0])
        if level is not None:
            logging.getLogger(name).setLevel(level)
