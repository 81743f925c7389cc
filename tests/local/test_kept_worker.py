import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from streams.local import kept_worker
from streams.local.child import ChildProcess
from streams.local.kept_worker import KeptWorker

SLEEPS = "import time; time.sleep(60)"
REFUSES, CRASHES = "raise SystemExit(1)", "raise SystemExit(3)"
OBEYS = "import signal,sys,time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); "


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_worker, "PAUSE_SECONDS", 0.0)


class Starts:
    """Starts processes, and lets a test wait for the n-th."""

    def __init__(self, folder: Path, code: str) -> None:
        self.folder, self.code = folder, code
        self.children: list[ChildProcess] = []
        self.started = asyncio.Event()

    def __call__(self) -> ChildProcess:
        command = [sys.executable, "-c", f"print('up', flush=True); {self.code}"]
        child = ChildProcess(command, folder=self.folder, log=self.folder / "log")
        self.children.append(child)
        self.started.set()
        return child

    async def until(self, number: int) -> ChildProcess:
        async with asyncio.timeout(20):
            while len(self.children) < number:
                self.started.clear()
                await self.started.wait()
        return self.children[number - 1]


@asynccontextmanager
async def kept(starts: Starts) -> AsyncIterator[KeptWorker]:
    worker = KeptWorker(starts)
    task = asyncio.create_task(worker.run())
    yield worker
    task.cancel()
    await asyncio.wait([task])


async def test_after_a_kill_it_is_started_again(tmp_path: Path) -> None:
    starts = Starts(tmp_path, SLEEPS)
    async with kept(starts) as worker:
        first = (await starts.until(1)).pid
        assert worker.kill() == first
        assert not psutil.pid_exists(first)
        second = await starts.until(2)
        assert second.pid != first
        assert worker.refused == 0
    assert not second.alive


@pytest.mark.parametrize(("code", "refused"), [(REFUSES, True), (CRASHES, False)])
async def test_one_that_cannot_begin_is_told_from_one_that_crashed(
    tmp_path: Path, code: str, refused: bool
) -> None:
    starts = Starts(tmp_path, code)
    async with kept(starts) as worker:
        await starts.until(4)
        assert (worker.refused >= 3) is refused


async def test_a_stop_is_final_and_gives_the_exit_code(tmp_path: Path) -> None:
    starts = Starts(tmp_path, OBEYS + "print('set', flush=True); time.sleep(60)")
    async with kept(starts) as worker:
        child = await starts.until(1)
        async with asyncio.timeout(20):
            while "set" not in (tmp_path / "log").read_text():  # noqa: ASYNC110 - a process
                await asyncio.sleep(0.02)
        assert await worker.stop() == 0
        assert not child.alive
        await asyncio.sleep(0)
        assert worker.kill() is None
    assert len(starts.children) == 1


async def test_one_that_does_not_obey_is_no_clean_stop(tmp_path: Path) -> None:
    starts = Starts(tmp_path, SLEEPS)
    async with kept(starts) as worker:
        await starts.until(1)
        assert await worker.stop() == signal.SIGTERM
