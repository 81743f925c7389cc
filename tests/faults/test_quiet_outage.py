"""A broker that is away does not fill the log, neither of a worker that waits nor of one that its
supervisor starts again and again."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.local.kafka.broker import EmbeddedKafka
from streams.settings import Settings, to_environment
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(400)]

MOST_IN_TEN_MINUTES = 200
BEGINNING, REST = 10.0, 40.0
"""Seconds. The beginning is let alone: then each message comes for the first time."""

PAUSE = 5.0
"""Seconds between an exit and the next start, as with systemd's RestartSec=5."""


class Supervised:
    """A worker that is started again whenever it has ended, with one log for all of them."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.log = log
        self.exits: list[int] = []
        self._settings = settings
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        command = [sys.executable, "-m", "streams", "worker"]
        while not self._stopping.is_set():
            with self.log.open("ab") as out:
                process = subprocess.Popen(
                    command, env=to_environment(self._settings), stdout=out, stderr=out
                )
                while process.poll() is None and not self._stopping.is_set():
                    time.sleep(0.05)
                if process.poll() is None:
                    process.terminate()
                try:
                    self.exits.append(process.wait(30))
                except subprocess.TimeoutExpired:
                    process.kill()
                    self.exits.append(process.wait())
            self._stopping.wait(PAUSE)

    @property
    def lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()


@contextmanager
def supervised(stack: Stack) -> Iterator[Supervised]:
    worker = Supervised(stack.settings, stack.folder / "supervised.log")
    try:
        yield worker
    finally:
        worker.stop()


@pytest.mark.parametrize("load", ["busy", "idle"])
async def test_fifty_seconds_without_a_broker_are_on_the_way_to_fewer_than_200_lines_in_600(
    load: str, namespace: str, tmp_path: Path
) -> None:
    """Busy: paid calls wait for their commit; if it fails the worker is started again. Idle: it
    waits. A start without a broker is one line, so a restart loop adds some 85 in ten minutes."""
    with (
        EmbeddedKafka(tmp_path / "kafka") as broker,
        running_stack(broker.bootstrap, namespace, tmp_path, {"latency": 0.1}) as stack,
    ):
        await stack.create_topics(partitions=6)
        tickets = 20_000 if load == "busy" else 200
        await stack.send_samples(tickets)
        with supervised(stack) as worker:
            if load == "busy":
                stack.until("it calls", lambda: stack.calls() > 500)
            else:
                await stack.until_finished(tickets)
            before = len(worker.lines)
            broker.kill()
            time.sleep(BEGINNING)
            beginning = len(worker.lines) - before
            time.sleep(REST)
            rest = len(worker.lines) - before - beginning
            starts = len(worker.exits)
            broker.start()
            made = stack.calls()
            await stack.send_samples(300, seed=2)
            stack.until("it calls again", lambda: stack.calls() > made + 100, 120)
        said = "\n".join(worker.lines[before:])
        # The rest goes on as it is: floods are told of ever less often, restarts in one line.
        expected = beginning + rest * (600 - BEGINNING) / REST
        print(f"{load}: {beginning} + {rest} lines, {starts} exits, {expected:.0f} in ten minutes")
        assert expected < MOST_IN_TEN_MINUTES, said
        assert worker.exits[-1] == 0, said
