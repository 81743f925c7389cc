import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from streams.local.child import ChildProcess

Start = Callable[[str], ChildProcess]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    def run(code: str) -> ChildProcess:
        command = [sys.executable, "-c", code]
        return ChildProcess(command, folder=tmp_path, log=tmp_path / "log")

    return run


def test_its_exit_code_and_output_come_through(start: Start, tmp_path: Path) -> None:
    child = start("print('hello'); raise SystemExit(3)")
    assert child.wait(10) == 3
    assert (tmp_path / "log").read_text() == "hello\n"


def test_it_works_in_its_folder(start: Start, tmp_path: Path) -> None:
    assert start("open('made', 'w')").wait(10) == 0
    assert (tmp_path / "made").exists()


def test_the_pid_is_the_commands_own(start: Start, tmp_path: Path) -> None:
    child = start("import os; print(os.getpid())")
    pid = child.pid
    child.wait(10)
    assert (tmp_path / "log").read_text() == f"{pid}\n"


def test_kill_ends_even_a_frozen_process(start: Start) -> None:
    child = start("import time; time.sleep(60)")
    pid = child.pid
    child.freeze()
    child.kill()
    assert not psutil.pid_exists(pid)
    assert not child.alive


def test_terminate_reaches_a_frozen_process(start: Start) -> None:
    child = start("import time; time.sleep(60)")
    child.freeze()
    child.terminate()
    assert child.wait(10) == signal.SIGTERM


def test_waiting_too_long_is_a_timeout(start: Start) -> None:
    child = start("import time; time.sleep(60)")
    try:
        with pytest.raises(TimeoutError):
            child.wait(0.01)
    finally:
        child.kill()


def test_a_command_that_cannot_run_ends_at_once(tmp_path: Path) -> None:
    child = ChildProcess([str(tmp_path / "none")], folder=tmp_path, log=tmp_path / "log")
    assert not child.alive
    assert "FileNotFoundError" in (tmp_path / "log").read_text()
