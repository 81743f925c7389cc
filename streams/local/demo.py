"""The whole thing on one machine: embedded Kafka, stand-in Claude, worker, dashboard, tickets."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from streams.audit.topic_admin import create_missing
from streams.audit.verify import collect
from streams.dashboard.server import start_dashboard
from streams.events.topics import Topics
from streams.local.child import ChildProcess
from streams.local.demo_faults import FaultDesk
from streams.local.demo_report import DemoReport, make_report
from streams.local.kafka.broker import EmbeddedKafka
from streams.local.kept_worker import KeptWorker
from streams.local.panel import Panel
from streams.local.promises_watch import PromisesWatch
from streams.local.sender import Sender
from streams.local.standin.process import StandIn
from streams.settings import Settings, load_settings, to_environment

PARTITIONS = 8
STALL_SECONDS = 60.0
WATCH_SECONDS = 1.0
MOST_REFUSED = 2
"""A worker that cannot begin is not started for ever."""

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
        self.bootstrap = ""
        """Kafka's address, for other commands; as the dashboard's there once it runs."""

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
            security_protocol="PLAINTEXT",  # whatever this shell is set up for
            schema_registry_url=None,  # yours is not for our samples
            anthropic_api_key="stand-in",
            anthropic_base_url=api.url,
            worker_port=0,
            **({"mapping": self._mapping} if self._mapping else {}),
            # Started again after kill -9, it has its partitions back at once.
            group_instance_id="demo-worker",
        )
        topics = Topics.of(settings)
        self._on_step("topics and the dashboard")
        await create_missing(settings, topics, partitions=PARTITIONS)
        worker = KeptWorker(lambda: _worker(settings, data))
        watch = PromisesWatch(settings, topics, api.account)
        sender = Sender(settings, topics, self._seed, self._mapping)
        desk = FaultDesk(broker, api, worker, watch, sender.send_distinct, FAULTS)
        dashboard = await start_dashboard(settings, "127.0.0.1", 0, Panel(watch, desk))
        self.dashboard_url, self.bootstrap = dashboard.url, broker.bootstrap
        self._on_step(f"the worker; dashboard at {dashboard.url}")
        began = time.monotonic()
        sending = asyncio.create_task(sender.send(self._tickets))
        tasks = [sending, *map(asyncio.create_task, (worker.run(), watch.run()))]
        try:
            await self._until_finished(watch, worker, desk, tasks, data, on_progress)
            await sending
            seconds = time.monotonic() - began
            await linger()
            await self._settle(watch, desk, data)
            if code := await worker.stop():
                raise DemoFailedError(f"the worker ended with {code}: {_tail(data)}")
            self._on_step("the audit")
            account = api.account()
            report = await make_report(settings.kafka, topics, account, seconds)
            audit = (await collect(settings, topics)).report(account, strict=True)
            broken = [check.promise for check in audit.checks if not check.ok]
            if broken:
                raise DemoFailedError(f"a promise does not hold: {'; '.join(broken)}")
            return report
        finally:
            await desk.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await dashboard.stop()

    async def _until_finished(
        self,
        watch: PromisesWatch,
        worker: KeptWorker,
        desk: FaultDesk,
        tasks: Iterable[asyncio.Task[None]],
        data: Path,
        on_progress: Callable[[int, int], None],
    ) -> None:
        """Wait for all of the first tickets, as a read_committed consumer sees them."""
        finished, moved = 0, time.monotonic()
        while finished < self._tickets:
            with suppress(TimeoutError):
                async with asyncio.timeout(WATCH_SECONDS):
                    await watch.until(lambda _: True)
            if watch.verdict.finished > finished:
                finished, moved = watch.verdict.finished, time.monotonic()
                on_progress(finished, max(self._tickets, watch.verdict.tickets))
            for task in tasks:
                if task.done():
                    task.result()  # what went wrong there goes wrong here
            if worker.refused >= MOST_REFUSED and desk.last is None:
                raise DemoFailedError(f"the worker ended: {_tail(data)}")
            if time.monotonic() - moved > STALL_SECONDS:
                raise DemoFailedError(
                    f"no ticket was finished for {STALL_SECONDS:.0f} s: {_tail(data)}"
                )

    async def _settle(self, watch: PromisesWatch, desk: FaultDesk, data: Path) -> None:
        """Mend what a button has broken, and let what is in flight come to its end."""
        await desk.close()
        if not watch.verdict.at_rest:
            self._on_step("the end: the last tickets are in flight")
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await watch.until(lambda verdict: verdict.at_rest)
        except TimeoutError:
            raise DemoFailedError(
                f"tickets were in flight for {STALL_SECONDS:.0f} s: {_tail(data)}"
            ) from None


def _worker(settings: Settings, data: Path) -> ChildProcess:
    return ChildProcess(
        [sys.executable, "-m", "streams", "worker"],
        folder=data,
        log=data / "worker.log",
        env=to_environment(settings),
    )


def _tail(data: Path, lines: int = 12) -> str:
    log = data / "worker.log"
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-lines:]) or "it wrote nothing"
