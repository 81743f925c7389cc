"""What reaches the log, and how much of it."""

import io
import json
import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from streams.events.model import Source
from streams.observe.logs import (
    MOST_IN_A_WHILE,
    MOST_OF_LIBRARIES,
    MOST_TEMPLATES,
    WHILE,
    LogFormat,
    Rationed,
    configure,
    fields_of,
)


class Log:
    """A logger of its own, rationed, and a clock to move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        self._out = io.StringIO()
        handler = logging.StreamHandler(self._out)
        self.rationed = Rationed()
        handler.addFilter(self.rationed)
        self.logger = logging.Logger("streams.test")
        self.logger.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self._out.getvalue().splitlines()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    return Log(monkeypatch)


def test_a_flood_of_one_message_becomes_a_few_lines(log: Log) -> None:
    for n in range(1_000):
        log.logger.error("broker %d is away", n)
    assert log.lines == [f"broker {n} is away" for n in range(MOST_IN_A_WHILE)]


def test_libraries_get_fewer_lines_for_the_same_thing(log: Log) -> None:
    log.logger.name = "aiokafka"
    for n in range(1_000):
        log.logger.error("broker %d is away", n)
    assert log.lines == [f"broker {n} is away" for n in range(MOST_OF_LIBRARIES)]
    assert MOST_OF_LIBRARIES < MOST_IN_A_WHILE


def test_the_next_line_says_how_many_were_left_out(log: Log) -> None:
    for n in range(1_000):
        log.logger.error("broker %d is away", n)
    log.now += WHILE + 1
    log.logger.error("broker %d is away", 1_000)
    log.logger.error("broker %d is away", 1_001)
    left_out = 1_000 - MOST_IN_A_WHILE
    told = f"broker 1000 is away [{left_out} more like this in between]"
    assert log.lines[MOST_IN_A_WHILE:] == [told]


def test_a_flood_that_lasts_is_told_of_less_and_less_often(log: Log) -> None:
    for _ in range(600):  # ten a second, for ten minutes
        for _ in range(10):
            log.logger.error("away")
        log.now += 1
    # After one minute, three, and seven.
    assert len(log.lines) == MOST_IN_A_WHILE + 3
    told = sum(int(line.split("[")[1].split()[0]) for line in log.lines if "[" in line)
    assert told + len(log.lines) == 7 * 60 * 10 + 1


def test_after_a_flood_the_ration_is_full_again(log: Log) -> None:
    for _ in range(2_000):
        log.logger.error("away")
        log.now += 0.1
    log.now += 10 * WHILE
    log.logger.error("away")  # says what was left out
    log.now += 20 * WHILE
    before = len(log.lines)
    for _ in range(MOST_IN_A_WHILE):
        log.logger.error("away")
    assert log.lines[before:] == ["away"] * MOST_IN_A_WHILE


def test_a_message_that_comes_now_and_then_is_never_left_out(log: Log) -> None:
    for _ in range(100):
        log.logger.error("away")
        log.now += WHILE / (MOST_IN_A_WHILE - 1)
    assert log.lines == ["away"] * 100


def test_other_messages_get_through_a_flood(log: Log) -> None:
    for _ in range(100):
        log.logger.error("broker is away")
    log.logger.error("something else")
    logging_like = logging.Logger("test.other")
    assert log.lines[-1] == "something else"
    record = logging_like.makeRecord("test.other", logging.ERROR, "", 0, "broker is away", (), None)
    assert log.rationed.filter(record)


@pytest.mark.parametrize("message", [ValueError("x"), 7, None, "100 %% of [%s]", "{}", "%"])
def test_any_message_can_be_rationed(log: Log, message: object) -> None:
    args = ("it",) if message == "100 %% of [%s]" else ()
    for _ in range(MOST_IN_A_WHILE + 1):
        log.logger.error(message, *args)
    log.now += WHILE + 1
    log.logger.error(message, *args)
    assert len(log.lines) == MOST_IN_A_WHILE + 1
    assert log.lines[-1].endswith("[1 more like this in between]")


def test_messages_that_are_all_different_do_not_fill_the_memory(log: Log) -> None:
    for n in range(10 * MOST_TEMPLATES):
        log.logger.error(f"{n} is away")
    assert len(log.rationed._rations) <= MOST_TEMPLATES


@pytest.fixture
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {
        name: logging.getLogger(name).level
        for name in ("streams", "faust", "faust.transport.consumer", "mode", "aiokafka")
    }
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


@pytest.mark.usefixtures("_restored")
def test_our_own_lines_are_written_in_utc_and_others_only_when_something_is_wrong(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        configure("INFO")
        logging.getLogger("streams.app").info("up")
        logging.getLogger("streams.app").debug("not asked for")
        logging.getLogger("somebody").info("chatter")
        logging.getLogger("aiokafka.consumer").info("chatter")
        logging.getLogger("aiokafka.consumer").warning("a broker is away")
        hour = time.strftime("%Y-%m-%dT%H:", time.gmtime())
    finally:
        monkeypatch.undo()
        time.tzset()
    out, err = capsys.readouterr()
    assert out == ""
    ours, theirs = err.splitlines()
    assert ours.startswith(hour)
    assert ours.endswith("Z INFO    streams.app: up")
    assert theirs.endswith("WARNING aiokafka.consumer: a broker is away")


@pytest.mark.usefixtures("_restored")
def test_faust_is_heard_about_errors_only_also_where_it_sets_levels_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logging.getLogger("faust.transport.consumer").setLevel(logging.DEBUG)
    configure("DEBUG")
    logging.getLogger("faust.transport.consumer").warning("a commit is tried again")
    logging.getLogger("mode.something").warning("chatter")
    logging.getLogger("faust.transport.consumer").error("it crashed")
    _, err = capsys.readouterr()
    [line] = err.splitlines()
    assert line.endswith("it crashed")


def written(style: LogFormat, capsys: pytest.CaptureFixture[str]) -> str:
    """What two lines look like, the second with an exception."""
    logger = logging.getLogger("streams.test")
    configure("INFO", style)
    logger.warning("%s is not a row", "mail[1]@7", extra=fields_of(Source("mail", 1, 7)))
    try:
        int("broken\nin two")
    except ValueError:
        logger.exception("it failed: %s", "größer")
    return capsys.readouterr().err


def test_json_is_one_object_a_line_with_the_place_of_the_event(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = map(json.loads, written("json", capsys).splitlines())
    assert datetime.fromisoformat(first.pop("ts")).utcoffset() == timedelta(0)
    assert first == {
        "level": "WARNING",
        "logger": "streams.test",
        "message": "mail[1]@7 is not a row",
        "topic": "mail",
        "partition": 1,
        "offset": 7,
    }
    assert second["message"] == "it failed: größer"
    assert "ValueError: invalid literal" in second["exception"]


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    first, *_ = written("text", capsys).splitlines()
    assert first.endswith("WARNING streams.test: mail[1]@7 is not a row")
