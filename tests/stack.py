"""The whole system for a test: its own topics on the shared broker, its own API, real workers."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from streams.access.connection import client_arguments
from streams.audit.topic_admin import create_missing
from streams.audit.verify import verify
from streams.events.topics import Topics
from streams.local.demo_report import DemoReport, make_report
from streams.local.samples import draw
from streams.local.standin.process import StandIn
from streams.settings import Settings, load_settings, to_environment

Event = tuple[bytes | None, bytes | None]

SHARED: Mapping[str, Any] = {"batch_size": 25, "duplicate_seconds": 3_600}
"""Settings for shared calls, as the defaults have it."""


class Worker:
    """One ``ticket-streams worker`` process; ``module`` is what Python runs."""

    def __init__(self, settings: Settings, log: Path, module: str = "streams") -> None:
        self.log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, "worker"],
                env=to_environment(settings),
                stdout=out,
                stderr=out,
            )
        self.pid = self._process.pid

    def signal(self, number: int) -> None:
        """Does nothing to one that has ended."""
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self, timeout: float = 30) -> int:
        self._process.terminate()
        return self._process.wait(timeout)

    def wait(self, timeout: float = 30) -> int:
        return self._process.wait(timeout)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def said(self, text: str) -> bool:
        return text in self.log.read_text(errors="replace")

    @property
    def opened(self) -> bool:
        return self.said("opened: fence")

    @property
    def health(self) -> str | None:
        """Address of /readyz once it is up."""
        _, _, rest = self.log.read_text(errors="replace").partition("health at ")
        return rest.split()[0].rstrip('",') if rest else None  # as JSON, too


class Stack:
    """Made by :func:`running_stack`."""

    def __init__(self, settings: Settings, api: StandIn, folder: Path) -> None:
        self.settings = settings
        self.worker_settings = settings
        """The same, unless the workers take another way to Kafka or the API than the test."""
        self.topics = Topics.of(settings)
        self.api = api
        self.folder = folder
        self.workers: list[Worker] = []

    def worker(self, module: str = "streams") -> Worker:
        """Start one more."""
        log = self.folder / f"worker-{len(self.workers) + 1}.log"
        worker = Worker(self.worker_settings, log, module)
        self.workers.append(worker)
        return worker

    async def create_topics(self, partitions: int = 4) -> None:
        await create_missing(self.settings, self.topics, partitions=partitions)

    async def send(
        self,
        events: Iterable[Event],
        headers: Sequence[tuple[str, bytes]] = (),
        topic: str | None = None,
    ) -> int:
        """Produce to the input topic, or to another one; how many there were."""
        count, to = 0, topic or self.topics.input
        producer = AIOKafkaProducer(
            **client_arguments(self.settings.kafka), linger_ms=5, max_request_size=2**22
        )
        try:
            await producer.start()
            for key, value in events:
                await producer.send(to, value, key=key, headers=list(headers))
                count += 1
        finally:  # also where the broker is away at the start
            await producer.stop()
        return count

    async def send_samples(self, n: int, seed: int = 1, topic: str | None = None) -> int:
        return await self.send(((event.key, event.value) for event in draw(n, seed)), topic=topic)

    def until(self, what: str, holds: Callable[[], bool], timeout: float = 60) -> None:
        """Wait for something of another process. Fails with the workers' logs."""
        deadline = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout} s for: {what}\n{self.logs()}")
            time.sleep(0.05)

    def calls(self) -> int:
        """Calls that the API has counted."""
        return int(sum(self.api.account()["calls"].values()))

    async def until_finished(self, tickets: int, timeout: float = 90) -> DemoReport:
        """Wait until a read_committed consumer finds that many tickets in the outputs."""
        deadline = time.monotonic() + timeout
        while True:
            report = await self.report()
            if sum(report.routed.values()) + report.dead_letters + report.skipped >= tickets:
                return report
            if time.monotonic() > deadline:
                raise AssertionError(f"not finished after {timeout} s: {report}\n{self.logs()}")

    async def report(self) -> DemoReport:
        account = self.api.account()
        return await make_report(self.settings.kafka, self.topics, account, 0)

    async def broken_promises(self, *, strict: bool) -> list[Any]:
        """What ``verify`` finds."""
        audit = await verify(self.settings, self.topics, account=self.api.account(), strict=strict)
        assert audit.unfinished == 0
        return [check for check in audit.checks if not check.ok]

    def ledger(self) -> list[dict[str, Any]]:
        """The API's own list of paid calls."""
        return [
            json.loads(line) for line in (self.folder / "ledger.jsonl").read_text().splitlines()
        ]

    def logs(self) -> str:
        parts = []
        for worker in self.workers:
            tail = worker.log.read_text(errors="replace").splitlines()[-25:]
            parts += [f"--- {worker.log.name}, exit {worker.exit_code}", *tail]
        return "\n".join(parts)


@contextmanager
def running_stack(
    kafka: str,
    namespace: str,
    folder: Path,
    faults: dict[str, object],
    **settings: object,
) -> Iterator[Stack]:
    """A stack with its topics not made yet; everything it starts ends with the block.

    Each ticket has its own call unless ``**SHARED`` is given: a fault must find tickets waiting,
    and a thousand are few for shared calls, the more as samples repeat.
    """
    with StandIn(ledger=folder / "ledger.jsonl", seed=1, **faults) as api:
        given: dict[str, object] = {
            "bootstrap_servers": kafka,
            "app_id": namespace,
            "input_topic": f"{namespace}-tickets",
            "anthropic_api_key": "test-key",
            "anthropic_base_url": api.url,
            "worker_port": 0,
            "session_timeout": 6.0,
            "batch_size": 1,
            "duplicate_seconds": 0,
        }
        stack = Stack(load_settings(**{**given, **settings}), api, folder)
        try:
            yield stack
        finally:
            for worker in stack.workers:
                if worker.alive:
                    worker.kill()
