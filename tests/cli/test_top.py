import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from streams.cli import status, top
from tests.audit.scene import NOW
from tests.cli.scene_cli import Command

pytestmark = pytest.mark.kafka


@pytest.fixture
def command(kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    # The scene's minute may be of the hour, or the day, before.
    for room in (top, status):
        monkeypatch.setattr(room, "time", SimpleNamespace(time=lambda: NOW / 1000))
    monkeypatch.setenv("TICKET_STREAMS_BUDGET_PER_HOUR", "1")
    return Command(kafka, namespace, monkeypatch)


@contextmanager
def killed_at_last(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Else a test that fails waits for it for ever."""
    try:
        yield
    finally:
        process.kill()


def test_programs_get_one_object(command: Command) -> None:
    command.publish()
    found, scene = command.json("top"), command.scene
    assert found["app_id"] == command.settings.app_id
    assert found["latency_ms"] == {"calls": 2, "p50": 100, "p95": 100, "p99": 100}
    assert found["today"]["picodollars"] == scene.settled
    assert found["picodollars_per_hour"] > 0
    assert found["per_second_by_category"].keys() == {"billing", "technical"}
    [budget] = found["budgets"]
    assert (budget["period"], budget["limit"]) == ("hour", 10**12)
    assert budget["left"] == budget["limit"] - scene.settled - scene.unsettled


def test_status_tells_the_same(command: Command) -> None:
    command.publish()
    live, one = command.json("top"), command.json("status")
    assert live["errors_hour"]
    for name in ("waiting", "lag", "workers", "errors_hour"):
        assert live[name] == one[name]
    assert live.keys() - one.keys() == {"latency_ms"}


def test_without_a_terminal_it_prints_one_frame(command: Command) -> None:
    command.publish()
    result = command("top")
    assert result.exit_code == 0, result.output
    for told in ("spend", "budget per hour", "100 ms half of the calls", "billing", "tickets/s"):
        assert told in result.stdout
    assert len(result.stdout.splitlines()) <= 40


def test_in_a_terminal_it_is_live_until_q(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.publish()
    file = tmp_path / "settings.toml"
    file.write_text('budget_per_day = "5"\n', "utf-8")
    monkeypatch.setenv("TICKET_STREAMS_CONFIG", str(file))
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "streams", "top", "--interval", "0.2"]
    with (
        subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"}
        ) as process,
        killed_at_last(process),
    ):
        os.close(theirs)
        text, deadline = "", time.monotonic() + 60

        def read() -> str:
            assert select.select([ours], [], [], max(0.0, deadline - time.monotonic()))[0], text
            return os.read(ours, 65_536).decode(errors="replace")

        while text.count("q ends") < 3:  # drawn again and again
            text += read()
        assert "$5.00" in text
        assert "$77.00" not in text
        file.write_text('budget_per_day = "77"\n', "utf-8")
        while "$77.00" not in text:  # a budget is felt without a restart, as workers feel it
            assert time.monotonic() < deadline, "the budget that is changed is not shown"
            text += read()
        os.write(ours, b"q")
        while process.poll() is None:
            assert time.monotonic() < deadline, "q does not end it"
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    os.read(ours, 65_536)
                except OSError:  # it has closed its end
                    break
        assert process.wait(20) == 0
    os.close(ours)
    assert "Traceback" not in text
