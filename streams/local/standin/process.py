"""Starts the stand-in as a process of its own, for tests and the demo."""

import json
import re
import selectors
import subprocess
import sys
from http.client import HTTPConnection
from typing import Any, Self

from streams.local.startable import Startable

START_SECONDS = 30.0
STOP_SECONDS = 10.0


class StandInError(Exception):
    """The stand-in did not start, or refused what was asked of it."""


class StandIn(Startable):
    """A running stand-in; ``options`` are those of the command: ``StandIn(latency=0.1, hang=0.5)``.

    >>> with StandIn(error={529: 0.1}, ledger=path) as api:
    ...     client = AsyncAnthropic(base_url=api.url, api_key="any")

    It ends with the block, and by itself if this process dies.
    """

    def __init__(self, **options: object) -> None:
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        """Base URL, once started."""

    @property
    def pid(self) -> int:
        """Process id; StandInError before the start."""
        if self._process is None:
            raise StandInError("the stand-in is not started")
        return self._process.pid

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rpartition(":")[2])

    def start(self) -> Self:
        """Returns when it answers; StandInError when it does not come up."""
        command = [sys.executable, "-m", "streams.local.standin", "--with-parent"]
        command += _arguments({"port": 0, **self._options})
        # A session of its own: Ctrl-C reaches all processes of a terminal, and whoever started
        # this one may still need its account then. It ends with its parent in any case.
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        line = self._first_line()
        found = re.search(r"http://\S+", line)
        if not found:
            self.stop()
            raise StandInError(f"the stand-in did not start: {' '.join(command[3:])}")
        self.url = found[0]
        return self

    def stop(self) -> int | None:
        """Ends it; its exit code, 0 for a clean end."""
        if self._process is None:
            return None
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        return self._process.returncode

    def account(self) -> dict[str, Any]:
        """Its own account of all calls."""
        return self._ask("GET", "account")

    def faults(self, **changes: object) -> dict[str, Any]:
        """Switches faults on and off while it runs; all faults as they are then."""
        return self._ask("POST", "faults", changes)

    def no_faults(self) -> dict[str, Any]:
        """Switches every fault and the latency off."""
        return self._ask("DELETE", "faults")

    def set_limits(self, **limits: int) -> dict[str, Any]:
        """Changes rate limits while it runs: ``requests``, ``input_tokens``, ``output_tokens``, a
        minute; all limits as they are then."""
        return self._ask("POST", "limits", limits)

    def reset(self) -> dict[str, Any]:
        """Clears the account."""
        return self._ask("POST", "reset")

    def _first_line(self) -> str:
        """The line it prints when ready; empty if it ended or took too long."""
        out = self._process.stdout if self._process else None
        if out is None:
            return ""
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            return out.readline() if selector.select(START_SECONDS) else ""

    def _ask(self, method: str, what: str, body: object = None) -> dict[str, Any]:
        # Not through urllib: it would send a call to 127.0.0.1 through HTTP_PROXY.
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(
                method, f"/_standin/{what}", None if body is None else json.dumps(body)
            )
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise StandInError(answer["error"]["message"])
        return answer


def _arguments(options: dict[str, object]) -> list[str]:
    """Options of the command line: ``{"error": {529: 0.1}}`` becomes ``--error 529=0.1``."""
    out: list[str] = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if isinstance(value, dict):
            for key, item in value.items():
                out += [flag, f"{key}={item}"]
        elif value is True:
            out.append(flag)
        elif value is not None and value is not False:
            out += [flag, str(value)]
    return out
