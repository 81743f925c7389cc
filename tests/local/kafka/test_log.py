from pathlib import Path

import pytest

from streams.local.kafka.log import cause


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "broker.log"


def test_a_known_cause_is_one_line(log: Path) -> None:
    log.write_text("java.io.IOException: No space left on device\n\tat A.b(A.java:1)\n")
    assert cause(log) == f"the disk is full (log: {log})"


def test_an_unknown_cause_shows_the_last_lines_without_stack_frames(log: Path) -> None:
    log.write_text("".join(f"line {n}\n\tat A.b(A.java:{n})\n" for n in range(9)))
    assert cause(log).splitlines()[1:] == [f"line {n}" for n in range(4, 9)]


def test_what_an_earlier_start_wrote_does_not_count(log: Path) -> None:
    earlier = "Address already in use\n"
    log.write_text(earlier + "something else\n")
    assert cause(log, len(earlier)).endswith("something else")


def test_a_missing_log_is_no_second_error(log: Path) -> None:
    assert cause(log).endswith("(empty)")
