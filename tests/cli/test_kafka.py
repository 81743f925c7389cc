import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.kafka import command
from streams.local.kafka import jars
from streams.local.kafka.ports import HOST
from streams.local.kafka.probe import answers

pytestmark = pytest.mark.kafka
RUN = [sys.executable, "-c", "from streams.cli.kafka import command; command()"]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_stops_cleanly(end: signal.Signals, tmp_path: Path) -> None:
    arguments = ["--port", "0", "--data", str(tmp_path)]
    with subprocess.Popen([*RUN, *arguments], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        line = running.stdout.readline()
        host, _, port = line.strip().rpartition("KAFKA_BOOTSTRAP_SERVERS=")[2].partition(":")
        assert answers(host, int(port))
        running.send_signal(end)
        assert running.wait(30) == 0
        assert running.stdout.read() == ""
    assert not answers(host, int(port))
    assert (tmp_path / "log" / ".kafka_cleanshutdown").exists()


def test_a_taken_port_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as server:
        port = str(server.getsockname()[1])
        result = CliRunner().invoke(command, ["--port", port, "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert f"port {port} is in use" in result.output


def test_fetch_only_fills_the_cache_and_starts_nothing() -> None:
    result = CliRunner().invoke(command, ["--fetch-only"])
    assert result.exit_code == 0
    assert str(jars.folder()) in result.output


def test_fetch_only_touches_no_network_when_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    jars.fetch()
    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("a connection"))
    assert CliRunner().invoke(command, ["--fetch-only"]).exit_code == 0
