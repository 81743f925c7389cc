"""One contender in one run: what it costs, how fast it is, how late its tickets are."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from statistics import quantiles

import psutil
from confluent_kafka import Consumer, Message

from benchmarks.peers.contenders import Contender, Job
from benchmarks.peers.scene import PARTITIONS, Scene, Sender
from benchmarks.peers.stub import NUMBER
from benchmarks.process import cpu_seconds
from streams.events.topics import Topics
from streams.local.child import ChildProcess
from streams.settings import load_settings

STEADY = (0.10, 0.95)
"""Shares of the tickets finished between which rate and CPU are taken: no start, no tail."""
START_SECONDS = 60.0
"""Until the first ticket is out."""

STALL_SECONDS = 5.0
"""Nothing more comes when nothing came for so long."""
LOST_SECONDS = 30.0
"""After a kill, a ticket is lost when nothing came for so long: some are slow at the end."""
QUIET_SECONDS = 1.0
"""The same when all tickets are out: a second copy may follow."""

_runs = count(1)


class ContenderError(Exception):
    """It did not start, or got nowhere."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """A backlog, worked off. CPU is user + system time of the contender's process alone."""

    cpu_us: float
    """Microseconds a ticket."""
    rate: float
    """Tickets a second."""
    rss_mb: float
    first_seconds: float
    """From the start of the process to the first ticket out."""
    out_of_order: int
    """Tickets that came out behind a later one of their key, in the same topic."""
    tickets: int
    """How many the figures are about."""


class Outputs:
    """Everything that comes out of one run, seen by a read_committed consumer."""

    def __init__(self, scene: Scene, topic: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": scene.bootstrap,
                "group.id": f"{topic}-reader",
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 5,
            }
        )
        names = Topics.of(load_settings(input_topic=topic, app_id=topic))
        self._consumer.subscribe(list(names.categories.values()))
        self.seen: dict[int, int] = defaultdict(int)
        """How often each ticket came."""
        self.out_of_order = 0
        self._last: dict[tuple[str, bytes], int] = {}

    @property
    def doubled(self) -> int:
        """Tickets that came twice or more."""
        return sum(times > 1 for times in self.seen.values())

    def poll(self, seconds: float) -> list[int]:
        """The numbers of what has come; waits so long at most."""
        found = []
        for message in self._consumer.consume(2_000, seconds):
            if message.error() is None:
                found.append(self._take(message))
        return found

    def _take(self, message: Message) -> int:
        match = NUMBER.search(message.value() or b"")
        if match is None:
            raise ContenderError("a routed ticket without its number")
        number = int(match[1])
        self.seen[number] += 1
        where = message.topic() or "", message.key() or b""
        if number < self._last.get(where, -1):
            self.out_of_order += 1
        self._last[where] = number
        return number

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()


class Run:
    """A contender on topics of its own. It ends with the block."""

    def __init__(
        self,
        scene: Scene,
        contender: Contender,
        calls: int,
        session_seconds: int = 10,
        partitions: int = PARTITIONS,
    ) -> None:
        self.scene = scene
        self.contender = contender
        self.topic = f"run{next(_runs):03}-{contender.name}"
        self.job = Job(scene.bootstrap, scene.api_url, self.topic, calls, session_seconds)
        self.log = scene.folder / f"{self.topic}.log"
        scene.forget()
        scene.make_topics(self.topic, partitions)
        self.sender = Sender(scene, self.topic)
        self.outputs = Outputs(scene, self.topic)
        self._worker: ChildProcess | None = None

    def start(self) -> None:
        """Start the contender, again perhaps."""
        command, env = self.contender.command(self.job)
        env = {**env, **self.scene.compiled}
        self._worker = ChildProcess(command, folder=self.scene.folder, log=self.log, env=env)

    @property
    def worker(self) -> ChildProcess:
        """The contender's process. Raises ContenderError if it has ended."""
        if self._worker is None or not self._worker.alive:
            raise ContenderError(f"{self.contender.name} ended:\n{self.tail}")
        return self._worker

    def check(self) -> None:
        """Raises ContenderError if the contender has ended."""
        _ = self.worker

    @property
    def tail(self) -> str:
        """The end of what it said."""
        return self.log.read_text(errors="replace")[-1500:] if self.log.exists() else ""

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.outputs.close()
        if self._worker is not None and self._worker.alive:
            self._worker.kill()
        self.scene.delete_topics(self.topic)


def throughput(
    scene: Scene, contender: Contender, tickets: int, calls: int, most_seconds: float
) -> Throughput:
    """Work off a backlog, for ``most_seconds`` after the first ticket at most."""
    with Run(scene, contender, calls) as run:
        run.sender.send(tickets)
        began = time.monotonic()
        run.start()
        process = psutil.Process(run.worker.pid)
        marks: list[tuple[int, float, float]] = []
        first = 0.0
        rss = done = 0
        while done < tickets * STEADY[1]:
            done += len(run.outputs.poll(0.05))
            now = time.monotonic()
            if done and not first:
                first = now
            if now - (first or began) > (most_seconds if first else START_SECONDS):
                break
            if done >= tickets * STEADY[0] or (first and now - first > most_seconds / 3):
                marks.append((done, now, cpu_seconds(process)))
                rss = max(rss, process.memory_info().rss)
            run.check()
        if len(marks) < 2 or marks[-1][0] == marks[0][0]:
            raise ContenderError(f"{contender.name} got nowhere:\n{run.tail}")
        (low, low_at, low_cpu), (high, high_at, high_cpu) = marks[0], marks[-1]
        return Throughput(
            cpu_us=round((high_cpu - low_cpu) / (high - low) * 1e6, 1),
            rate=round((high - low) / (high_at - low_at), 1),
            rss_mb=round(rss / 1e6, 1),
            first_seconds=round(first - began, 2),
            out_of_order=run.outputs.out_of_order,
            tickets=high - low,
        )


@dataclass(frozen=True, slots=True)
class Latency:
    """From a ticket's creation to its sight by a read_committed consumer, less the API's time."""

    p50_ms: float
    p99_ms: float


def added_latency(
    scene: Scene, contender: Contender, tickets: int, calls: int, a_second: float
) -> Latency:
    """Tickets come at ``a_second`` while the contender runs; the first tenth does not count."""
    warm = max(20, tickets // 10)
    with Run(scene, contender, calls) as run:
        run.start()
        run.sender.send(1)
        _until(run, lambda: len(run.outputs.seen) == 1, START_SECONDS)
        seen_at: dict[int, float] = {}
        paced = Sender(scene, run.topic, first=1)
        sending = threading.Thread(target=paced.send, args=(tickets + warm, a_second))
        sending.start()
        last = time.monotonic()
        while len(seen_at) < tickets + warm and time.monotonic() - last < STALL_SECONDS:
            numbers = run.outputs.poll(0.02)
            now = time.time()
            for number in numbers:
                seen_at.setdefault(number - 1, now)
                last = time.monotonic()
        sending.join()
        added = [
            (seen_at[n] - paced.created[n] - scene.latency) * 1000
            for n in range(warm, tickets + warm)
            if n in seen_at
        ]
    if len(added) < tickets / 2:
        raise ContenderError(f"{contender.name} got nowhere:\n{run.tail}")
    percentiles = quantiles(added, n=100)
    return Latency(round(percentiles[49], 1), round(percentiles[98], 1))


@dataclass(frozen=True, slots=True)
class Killed:
    """What one kill -9 did, when a new process had worked off the rest."""

    lost: int
    never_asked: int
    """Tickets that the API never heard of: the contender took them for done without a question."""
    doubled: int
    """Tickets that a read_committed consumer saw twice or more."""
    paid_again: int
    """Questions beyond the first about a ticket."""
    back_seconds: float
    """From the start of the new process to its first ticket out."""


def killed(
    scene: Scene, contender: Contender, tickets: int, calls: int, session_seconds: int
) -> Killed:
    """Kill it when two fifths are out, start it again, and wait until nothing comes any more."""
    with Run(scene, contender, calls, session_seconds) as run:
        run.sender.send(tickets)
        run.start()
        _until(run, lambda: len(run.outputs.seen) >= tickets * 0.4, START_SECONDS)
        run.worker.kill()
        while run.outputs.poll(0.5):  # what was on its way
            pass
        before = sum(run.outputs.seen.values())
        run.start()
        began = last = time.monotonic()
        back = 0.0
        patience = session_seconds + START_SECONDS
        while time.monotonic() - last < patience:
            if run.outputs.poll(0.1):
                last = time.monotonic()
                back = back or last - began
                patience = session_seconds + LOST_SECONDS
            if len(run.outputs.seen) == tickets and time.monotonic() - last > QUIET_SECONDS:
                break
        seen, ledger = run.outputs.seen, scene.ledger()
        assert sum(seen.values()) >= before
        return Killed(
            lost=tickets - len(seen),
            never_asked=tickets - ledger["tickets"],
            doubled=run.outputs.doubled,
            paid_again=ledger["again"],
            back_seconds=round(back, 1),
        )


def _until(run: Run, there: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        run.outputs.poll(0.05)
        run.check()
        if time.monotonic() > deadline:
            raise ContenderError(f"{run.contender.name} got nowhere:\n{run.tail}")
