import signal
import socket
import subprocess
import sys
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from streams.local.standin import StandIn
from streams.local.standin.process import StandInError

COMMAND = [sys.executable, "-m", "streams.local.standin"]


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_is_ready_and_ends_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    with subprocess.Popen(
        [*COMMAND, "--port", "0", "--port-file", str(port_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        port = int(port_file.read_text())
        assert line == (
            f"stand-in ready at http://127.0.0.1:{port} "
            "(a simulation: tickets are classified by keywords)\n"
        )
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_the_helper_stops_what_it_started() -> None:
    with StandIn(latency=0.1) as api:
        assert psutil.pid_exists(api.pid)
        assert api.url == f"http://127.0.0.1:{api.port}"
        assert api.account()["simulation"] is True
    assert api.stop() == 0


def test_ctrl_c_in_a_terminal_leaves_it_to_whoever_started_it() -> None:
    script = (
        "import os, signal; from streams.local.standin import StandIn\n"
        "with StandIn() as api:\n"
        "    signal.signal(signal.SIGINT, lambda *_: None)\n"
        "    os.killpg(0, signal.SIGINT)\n"  # as the terminal does: the whole group
        "    print(api.account()['simulation'])\n"
        "print(api.stop())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert (done.stdout, done.stderr) == ("True\n0\n", "")


def test_it_ends_when_its_parent_dies() -> None:
    script = (
        "import os, signal; from streams.local.standin import StandIn; api = StandIn().start();"
        "print(api.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = _run(sys.executable, "-c", script)
    assert done.returncode == -signal.SIGKILL
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait(10)


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = _run(*COMMAND, "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: --port {port}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--hang", "2"], "--hang: a rate is a number from 0 to 1"),
        (["--error", "200=1"], "--error: 200 is not an HTTP status"),
        (["--error", "529"], "529"),
        (["--tier", "gold"], "--tier"),
    ],
)
def test_a_wrong_option_is_one_clear_line(arguments: list[str], named: str) -> None:
    done = _run(*COMMAND, *arguments)
    assert done.returncode in (1, 2)
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_help_says_that_it_is_a_simulation() -> None:
    done = _run(*COMMAND, "--help")
    assert "KEYWORDS" in done.stdout
    assert "Example:" in done.stdout


def test_one_that_cannot_start_says_so() -> None:
    with pytest.raises(StandInError, match="did not start"):
        StandIn(hang=2).start()


def test_unknown_addresses_are_404(api: StandIn) -> None:
    connection = HTTPConnection("127.0.0.1", api.port)
    connection.request("GET", "/v1/nothing")
    assert connection.getresponse().status == 404
    connection.close()
