"""A child process that cannot outlive this one."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, cast

import psutil

from streams.local import supervisor


class ChildProcess:
    """Runs ``command`` in ``folder`` under a supervisor, with its output appended to ``log``.

    ``env`` is its environment, by default ours. It is in a session of its own:
    Ctrl-C reaches us, not it.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
    ) -> None:
        # -I -S: a bare interpreter, up in 20 ms.
        python = [sys.executable, "-I", "-S", supervisor.__file__]
        with log.open("ab") as output:
            self.log_start = output.tell()
            self._supervisor = subprocess.Popen(
                [*python, *command],
                cwd=folder,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        self._lifeline = cast("IO[bytes]", self._supervisor.stdin)
        self._report = cast("IO[bytes]", self._supervisor.stdout)
        self._process: psutil.Process | None = None
        try:
            self._process = psutil.Process(int(self._report.readline()))
        except (ValueError, psutil.NoSuchProcess):  # could not be run, or has ended already
            self.kill()

    @property
    def pid(self) -> int:
        """Process id of the command itself. Raises ProcessLookupError if it did not run."""
        return int(self._running().pid)

    @property
    def alive(self) -> bool:
        """Whether it runs; a frozen one does."""
        return self._supervisor.poll() is None

    def wait(self, timeout: float | None = None) -> int:
        """Exit code, or the signal's number. Raises TimeoutError after ``timeout`` seconds."""
        try:
            code = self._supervisor.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        self._lifeline.close()
        self._report.close()
        return code

    def kill(self) -> None:
        """SIGKILL, through the supervisor. Returns when the process has gone."""
        self._lifeline.close()
        self.wait()

    def terminate(self) -> None:
        """SIGTERM, also to a frozen process."""
        try:
            self._running().terminate()
            self._running().resume()
        except psutil.NoSuchProcess:  # it ended by itself meanwhile
            return

    def freeze(self) -> None:
        """SIGSTOP."""
        self._running().suspend()

    def thaw(self) -> None:
        """SIGCONT."""
        self._running().resume()

    def _running(self) -> psutil.Process:
        if self._process is None:
            raise ProcessLookupError("the process does not run")
        return self._process
