"""One worker with few partitions and with many: what does a partition cost, busy and idle?

    python -m benchmarks.partitions                        # 8 and 128: about three minutes
    python -m benchmarks.partitions --partitions 8 --partitions 32 --rounds 3

For each number a worker starts on empty topics, stands idle, is given tickets at a steady rate,
works off a backlog, is stopped in the middle of one, and starts again. One broker, and an API that
answers after 100 ms and costs next to nothing. CPU is user and system time of the worker alone; the
broker's is told beside it, which is the bound on a machine that they share. Readable lines go to
standard error; the last line of standard output is one JSON object.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import click
import psutil

from benchmarks.peers.contenders import EXACTLY_ONCE, Contender, ours
from benchmarks.peers.measure import Run
from benchmarks.peers.scene import Scene, Sender, running_scene
from benchmarks.process import cpu_seconds
from benchmarks.report import conclude, medians, tell
from benchmarks.worker_metrics import read_metrics

WORKER = Contender("ours", "ours", EXACTLY_ONCE, ours(1, log_level="INFO"))
CALLS = 200
"""In flight."""
PACE = 400.0
"""Tickets a second at the steady rate: a small part of what a worker can do."""
PACED_SECONDS = 8.0
IDLE_SECONDS = 10.0
BACKLOG = 4_000
"""Tickets."""
PATIENCE = 120.0
"""Seconds until what is waited for is a failure."""

OPENED = re.compile(r"opened: fence ([\d.]+) s, restore ([\d.]+) s")


@dataclass(frozen=True, slots=True)
class Found:
    """Of one worker with so many partitions. CPU in microseconds a ticket, times in seconds."""

    open_seconds: float
    """From the start of the process until its partitions are open."""
    open_cpu_seconds: float
    fence_seconds: float
    restore_seconds: float
    first_cpu_seconds: float
    """Until four tickets a partition are out: connections are made, topics learned."""
    idle_cpu_ms: float
    """CPU milliseconds in a second in which nothing comes."""
    connections: int
    rss_mb: float
    """At the end of the backlog."""
    paced_cpu_us: float
    paced_transactions: float
    """A second."""
    backlog_cpu_us: float
    backlog_rate: float
    """Tickets a second."""
    backlog_transactions: float
    """A second."""
    broker_ms: float
    """CPU milliseconds of the broker for each of these."""
    stop_seconds: float
    """From SIGTERM under load to the end of the process."""
    reopen_seconds: float
    """As the first, after that stop."""
    reopen_restore_seconds: float
    lost: int
    doubled: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A worker at one moment."""

    at: float
    cpu: float
    transactions: float
    out: int
    broker_cpu: float


class Watched:
    """A run whose worker says when it is open and how many transactions it has made."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.sent = 0
        self._said_before = 0

    @property
    def process(self) -> psutil.Process:
        """The worker's."""
        return psutil.Process(self.run.worker.pid)

    def open(self) -> tuple[float, float, float]:
        """Start the worker: seconds until it is open, and those of fence and restore."""
        self._said_before = len(self._log())
        began = time.monotonic()
        self.run.start()
        self.until("its partitions are open", lambda: OPENED.search(self.said) is not None)
        took = round(time.monotonic() - began, 2)
        found = OPENED.search(self.said)
        assert found is not None
        return took, float(found[1]), float(found[2])

    @property
    def said(self) -> str:
        """What this worker wrote."""
        return self._log()[self._said_before :]

    def _log(self) -> str:
        log = self.run.log
        return log.read_text(errors="replace") if log.exists() else ""

    def cpu(self) -> float:
        """Seconds so far."""
        return cpu_seconds(self.process)

    def mark(self) -> Mark:
        """The worker now."""
        metrics = read_metrics(self.run.log, self._said_before)
        transactions = metrics["ticket_streams_commit_duration_seconds_count"]
        out = sum(self.run.outputs.seen.values())
        broker = cpu_seconds(psutil.Process(self.run.scene.broker_pid))
        return Mark(time.monotonic(), self.cpu(), transactions, out, broker)

    def send(self, count: int, a_second: float | None = None) -> None:
        """So many more tickets."""
        sender = Sender(self.run.scene, self.run.topic, first=self.sent)
        self.sent += count
        sender.send(count, a_second)

    def until_out(self, count: int) -> None:
        """Wait until so many tickets have come out."""
        self.until(f"{count} tickets are out", lambda: self._look() >= count)

    def _look(self) -> int:
        self.run.outputs.poll(0.05)
        return len(self.run.outputs.seen)

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait. Raises ClickException when it takes too long or the worker ends."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            self.run.check()
            if time.monotonic() > deadline:
                raise click.ClickException(f"not after {PATIENCE} s: {what}\n{self.run.tail}")
            time.sleep(0.02)


def measure(scene: Scene, partitions: int) -> Found:
    """One worker, from its first start to its second."""
    with Run(scene, WORKER, CALLS, partitions=partitions) as run:
        worker = Watched(run)
        open_seconds, fence, restore = worker.open()
        open_cpu = worker.cpu()
        worker.send(partitions * 4)  # each partition's connections are there
        worker.until_out(worker.sent)
        idle = worker.cpu()
        first_cpu = idle - open_cpu
        time.sleep(IDLE_SECONDS)
        idle = worker.cpu() - idle
        paced = _paced(worker)
        backlog = _backlog(worker)
        connections = len(worker.process.net_connections("tcp"))
        rss = worker.process.memory_info().rss
        stop = _stop(worker)
        reopen, _, reopen_restore = worker.open()
        worker.until_out(worker.sent)
        run.outputs.poll(1.0)
        return Found(
            open_seconds=open_seconds,
            open_cpu_seconds=round(open_cpu, 2),
            fence_seconds=fence,
            restore_seconds=restore,
            first_cpu_seconds=round(first_cpu, 2),
            idle_cpu_ms=round(idle / IDLE_SECONDS * 1000, 1),
            connections=connections,
            rss_mb=round(rss / 1e6, 1),
            paced_cpu_us=_cpu_us(*paced),
            paced_transactions=_transactions(*paced),
            backlog_cpu_us=_cpu_us(*backlog),
            backlog_rate=round((backlog[1].out - backlog[0].out) / _seconds(*backlog), 1),
            backlog_transactions=_transactions(*backlog),
            broker_ms=_broker_ms(*backlog),
            stop_seconds=stop,
            reopen_seconds=reopen,
            reopen_restore_seconds=reopen_restore,
            lost=worker.sent - len(run.outputs.seen),
            doubled=run.outputs.doubled,
        )


def _paced(worker: Watched) -> tuple[Mark, Mark]:
    count, before = int(PACE * PACED_SECONDS), worker.sent
    sending = threading.Thread(target=worker.send, args=(count, PACE))
    sending.start()
    worker.until_out(before + count // 8)
    first = worker.mark()
    worker.until_out(before + count)
    sending.join()
    return first, worker.mark()


def _backlog(worker: Watched) -> tuple[Mark, Mark]:
    before = worker.sent
    worker.send(BACKLOG)
    worker.until_out(before + BACKLOG // 10)
    first = worker.mark()
    worker.until_out(before + BACKLOG * 9 // 10)
    second = worker.mark()
    worker.until_out(worker.sent)
    return first, second


def _stop(worker: Watched) -> float:
    """Seconds until it has ended, in the middle of a backlog."""
    before = worker.sent
    worker.send(BACKLOG)
    worker.until_out(before + BACKLOG // 4)
    child = worker.run.worker
    began = time.monotonic()
    child.terminate()
    child.wait(PATIENCE)
    return round(time.monotonic() - began, 2)


def _seconds(first: Mark, last: Mark) -> float:
    return last.at - first.at


def _cpu_us(first: Mark, last: Mark) -> float:
    return round((last.cpu - first.cpu) / (last.out - first.out) * 1e6, 1)


def _transactions(first: Mark, last: Mark) -> float:
    return round((last.transactions - first.transactions) / _seconds(first, last), 1)


def _broker_ms(first: Mark, last: Mark) -> float:
    transactions = max(1.0, last.transactions - first.transactions)
    return round((last.broker_cpu - first.broker_cpu) / transactions * 1000, 1)


@click.command(epilog="Example:  python -m benchmarks.partitions --partitions 8 --partitions 128")
@click.option(
    "--partitions",
    "numbers",
    multiple=True,
    default=(8, 128),
    show_default=True,
    type=click.IntRange(1),
    help="Of the input topic; may be given several times.",
)
@click.option("--rounds", default=1, show_default=True, help="Of each, in turn; medians are told.")
def main(numbers: tuple[int, ...], rounds: int) -> None:
    """Measure what a partition costs one worker."""
    runs: dict[int, list[Found]] = {number: [] for number in numbers}
    with running_scene(0.1) as scene:
        for _ in range(rounds):
            for number in numbers:
                runs[number].append(measure(scene, number))
                tell(f"{number} partitions: {runs[number][-1]}")
    found = {number: medians(of) for number, of in runs.items()}
    plan = {"calls": CALLS, "latency_s": 0.1, "pace": PACE, "backlog": BACKLOG, "rounds": rounds}
    conclude({"plan": plan, "by_partitions": found})


if __name__ == "__main__":
    main()
