"""The whole thing on one machine: embedded Kafka, stand-in Claude, worker, dashboard, tickets."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from streams.audit.topic_admin import create_missing
from streams.audit.verify import collect
from streams.dashboard.server import start_dashboard
from streams.events.topics import Topics
from streams.local.child import ChildProcess
from streams.local.demo_report import DemoReport, make_report, skips
from streams.local.foreign_samples import draw_foreign
from streams.local.kafka.broker import EmbeddedKafka
from streams.local.samples import Event, draw
from streams.local.standin.process import StandIn
from streams.settings import Settings, load_settings, to_environment

PARTITIONS = 8
STALL_SECONDS = 60.0

# So that a first run shows how faults are met: rates as of a bad day, none of them leaves a doubt
# about what was charged.
FAULTS: Mapping[str, object] = {
    "latency": 0.1,
    "error": {529: 0.01, 500: 0.005, 429: 0.001},
    "retry_after": 1,
    "filler": 0.05,
    "wrong_case": 0.05,
    "bad_json": 0.005,
    "refuse": 0.003,
    "low_confidence": 0.05,
    "missing": 0.03,
    "swap": 0.03,
    "double": 0.01,
    "invent": 0.01,
}


class DemoFailedError(Exception):
    """The demo did not come to its end; the message says where to look."""


class Demo:
    """Everything that runs, while it runs. ``on_step`` is told in words what happens next."""

    def __init__(
        self,
        tickets: int,
        seed: int,
        on_step: Callable[[str], None],
        mapping: str | None = None,
    ) -> None:
        self._mapping = mapping
        self._tickets = tickets
        self._seed = seed
        self._on_step = on_step
        self.dashboard_url = ""

    async def run(
        self, on_progress: Callable[[int, int], None], linger: Callable[[], Awaitable[None]]
    ) -> DemoReport:
        """Run to the end. ``on_progress`` gets (tickets sent, tickets finished); ``linger`` is
        awaited with everything still up, before the worker stops.

        Raises DemoFailedError, and KafkaUnavailable or StandInError from the parts.
        """
        with tempfile.TemporaryDirectory(prefix="ticket-streams-demo-") as folder:
            data = Path(folder)
            self._on_step("Apache Kafka")
            broker = EmbeddedKafka(data / "kafka")
            await asyncio.to_thread(broker.start)
            try:
                self._on_step("the stand-in for Claude")
                with StandIn(seed=self._seed, **FAULTS) as api:
                    return await self._run(broker, api, data, on_progress, linger)
            finally:
                await asyncio.to_thread(broker.stop)

    async def _run(
        self,
        broker: EmbeddedKafka,
        api: StandIn,
        data: Path,
        on_progress: Callable[[int, int], None],
        linger: Callable[[], Awaitable[None]],
    ) -> DemoReport:
        settings = load_settings(
            bootstrap_servers=broker.bootstrap,
            anthropic_api_key="stand-in",
            anthropic_base_url=api.url,
            worker_port=0,
            **({"mapping": self._mapping} if self._mapping else {}),
        )
        topics = Topics.of(settings)
        self._on_step("topics and the dashboard")
        await create_missing(settings, topics, partitions=PARTITIONS)
        dashboard = await start_dashboard(settings, "127.0.0.1", 0)
        self.dashboard_url = dashboard.url
        self._on_step(f"the worker; dashboard at {dashboard.url}")
        worker = ChildProcess(
            [sys.executable, "-m", "streams", "worker"],
            folder=data,
            log=data / "worker.log",
            env=to_environment(settings),
        )
        began = time.monotonic()
        sending = asyncio.create_task(self._send(settings, topics))
        try:
            await self._watch(settings, topics, worker, data, on_progress)
            await sending
            seconds = time.monotonic() - began
            await linger()
            worker.terminate()
            if code := await asyncio.to_thread(worker.wait, 30):
                raise DemoFailedError(f"the worker ended with {code}: {_tail(data)}")
            self._on_step("the audit")
            account = api.account()
            report = await make_report(settings.bootstrap_servers, topics, account, seconds)
            audit = (await collect(settings, topics)).report(account, strict=True)
            broken = [check.promise for check in audit.checks if not check.ok]
            if broken:
                raise DemoFailedError(f"a promise does not hold: {'; '.join(broken)}")
            return report
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            if worker.alive:
                worker.kill()
            await dashboard.stop()

    async def _send(self, settings: Settings, topics: Topics) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.bootstrap_servers, linger_ms=5, max_request_size=2**21
        )
        async with producer:
            for event in self._events():
                await producer.send(
                    topics.input, event.value, key=event.key, headers=list(event.headers)
                )

    def _events(self) -> Iterator[Event]:
        if self._mapping is None:
            return draw(self._tickets, self._seed)
        return draw_foreign(self._tickets, self._mapping)

    async def _watch(
        self,
        settings: Settings,
        topics: Topics,
        worker: ChildProcess,
        data: Path,
        on_progress: Callable[[int, int], None],
    ) -> None:
        """Count what a read_committed consumer of the outputs sees, until all tickets are there."""
        finished = 0
        moved = time.monotonic()
        ends = [*topics.categories.values(), topics.dead_letter]
        skipped = [topics.skipped] if topics.skips else []
        async with _reader(settings, *ends, *skipped) as outputs:
            while finished < self._tickets:
                batches = await outputs.getmany(timeout_ms=200)
                records = [record for batch in batches.values() for record in batch]
                new = sum(1 if r.topic in ends else skips(r.value) for r in records)
                finished += new
                on_progress(finished, self._tickets)
                if new:
                    moved = time.monotonic()
                elif not worker.alive:
                    raise DemoFailedError(f"the worker ended: {_tail(data)}")
                elif time.monotonic() - moved > STALL_SECONDS:
                    raise DemoFailedError(
                        f"no ticket was finished for {STALL_SECONDS:.0f} s: {_tail(data)}"
                    )


@asynccontextmanager
async def _reader(settings: Settings, *topics: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=settings.bootstrap_servers,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    async with consumer:
        yield consumer


def _tail(data: Path, lines: int = 12) -> str:
    log = data / "worker.log"
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-lines:]) or "it wrote nothing"
