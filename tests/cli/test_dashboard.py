import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from click.testing import CliRunner

from streams.cli.dashboard import command

RUN = [sys.executable, "-c", "from streams.cli.dashboard import command; command()"]
NO_KAFKA = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_stops_cleanly(end: signal.Signals) -> None:
    environment = {**os.environ, **NO_KAFKA}
    with subprocess.Popen(
        [*RUN, "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        url = running.stdout.readline().strip().removeprefix("Dashboard: ")
        with urllib.request.urlopen(f"{url}/livez", timeout=10) as answer:
            assert answer.status == 200
        running.send_signal(end)
        assert running.wait(30) == 0


def test_a_taken_port_is_one_line_that_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        result = CliRunner(env=NO_KAFKA).invoke(command, ["--port", port])
    assert result.exit_code == 1
    assert f"--port {port}" in result.output
    assert "TICKET_STREAMS_DASHBOARD_PORT" in result.output
    assert "Traceback" not in result.output


def test_the_help_has_an_example() -> None:
    result = CliRunner().invoke(command, ["--help"])
    assert result.exit_code == 0
    assert "ticket-streams dashboard --port" in result.output
