"""Log lines: to standard error, UTC, and never a flood. Ticket text and keys are never logged."""

import logging
import time
from collections import defaultdict

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
WHILE = 60.0
"""Of one message template, in seconds. A broker that is away makes aiokafka write 120 lines a
second."""

MOST_TEMPLATES = 1_000
"""Remembered at most: a library that formats its messages itself makes a new one each time."""


class Rationed(logging.Filter):
    """Lets each message template through a few times in a while, and says how many it left out."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self._left_out: defaultdict[tuple[str, str], int] = defaultdict(int)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write the record."""
        template = (record.name, str(record.msg)[:80])
        now = time.monotonic()
        if len(self._seen) >= MOST_TEMPLATES and template not in self._seen:
            self._seen.clear()
            self._left_out.clear()
        recent = [at for at in self._seen[template] if now - at < WHILE]
        self._seen[template] = recent
        if len(recent) >= MOST_IN_A_WHILE:
            self._left_out[template] += 1
            return False
        recent.append(now)
        if left_out := self._left_out.pop(template, 0):
            record.msg = f"{record.msg} [{left_out} more like this in between]"
        return True


def configure(level: str) -> None:
    """Set up logging for a command. Libraries speak up only when something is wrong."""
    handler = logging.StreamHandler()
    formatter = logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
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
