"""What one ticket costs the worker: CPU, memory, time, from Kafka to Kafka.

    python -m benchmarks.pipeline --repeat 3                                     # one ticket a call
    python -m benchmarks.pipeline --batch-size 25 --max-calls 20 --tickets 40000  # shared calls
    python -m benchmarks.pipeline --max-calls 1000 --latency 1 --tickets 20000   # memory
    python -m benchmarks.pipeline --paced 200                                    # added latency
    python -m benchmarks.pipeline --batch-size 25 --text-bytes 10000     # a lot of text

Readable lines go to standard error; the last line of standard output is one JSON object.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

import click
import psutil
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.process import cpu_seconds
from benchmarks.report import conclude, medians, tell
from benchmarks.rig import Rig, running_rig, tickets
from streams.audit.topic_admin import create_missing
from streams.classify.prompt import Request, new_ids
from streams.claude.client import Claude
from streams.claude.tiers import prompt_of
from streams.events.model import Ticket
from streams.events.wire import decode_routed
from streams.local.child import ChildProcess
from streams.observe.logs import configure

PARTITIONS = 8
STEADY = (0.10, 0.95)
"""Shares of the tickets finished between which rate and CPU are taken: no start, no tail."""
SAMPLE_EVERY = 0.25
STALL = 60.0

HOW = """\
How: embedded Kafka, the stand-in for Claude (latency {latency:g} s, sigma {sigma:g}), and one real
worker process with {max_calls} call slots of {batch_size} tickets at most; {tickets} tickets of
{ticket_bytes} bytes on average, keys by Zipf's law, {partitions} partitions. {order}
A read_committed consumer counts what comes out. CPU is user + system time of the worker process
alone, between the moments when {first:.0%} and {last:.0%} of the tickets are out; memory is its
greatest resident set, looked at every {every:g} s. Broker, stand-in and consumer share the
machine's {cores} cores with it: a busy machine makes every figure worse, so the CPU of the client
alone (the same calls, nothing else) is taken just before and stands beside."""
BACKLOG = "All are in Kafka before the worker starts."
PACED = "They come at {paced:g} a second while the worker runs."


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured."""

    tickets: int
    max_calls: int
    batch_size: int
    latency: float
    sigma: float
    tickets_file: Path | None
    paced: float | None
    text_bytes: int = 0
    """Of each text; 0: as it is."""

    def first(self, n: int) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """Keys and tickets."""
        return tickets(n, 1, self.tickets_file, self.text_bytes)


@dataclass(slots=True)
class Run:
    """What one run found. Seconds, except where a name says otherwise."""

    tickets: int
    seconds: float
    """From the first ticket out to the last."""
    text_mb_per_second_and_partition: float | None
    """MB (1e6 bytes) of text, where each text is equally long; between the marks."""
    seconds_from_start: float
    """From the worker's start to the last ticket out."""
    tickets_per_second: float
    """Between the marks of the steady part."""
    cpu_us_per_ticket: float
    """Microseconds of user and system time, between the same marks."""
    cpu_us_per_ticket_whole: float
    """The same over the worker's whole life until then, its start included."""
    cores_used: float
    """By the worker, between the same marks: near 1.0 it could go no faster."""
    cores_elsewhere: float
    """By processes that are not the benchmark's: above 0.1 the machine was not quiet."""
    client_us_per_call: float
    """The floor: CPU of a call through the client alone, in this process, just before."""
    rss_mb: float
    """Greatest resident set in MB (1e6 bytes)."""
    in_flight: int
    """Most calls that the stand-in had in hand at a look."""
    added_ms_p50: float | None = None
    """Paced only: from the event's creation to its sight by a read_committed consumer, less the
    stand-in's latency, twice where the second model was asked too. In milliseconds."""
    added_ms_p99: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """The worker at one moment."""

    finished: int
    at: float
    cpu: float
    """Seconds of the worker."""
    elsewhere: float
    """Seconds of processes that have nothing to do with this."""


class Meter:
    """Watches one worker process."""

    def __init__(self, rig: Rig, worker: ChildProcess, tickets: int) -> None:
        self._rig = rig
        self._process = psutil.Process(worker.pid)
        pids = (worker.pid, rig.broker.pid, rig.api.pid, None)  # None: this process
        self._ours = [psutil.Process(pid) for pid in pids]
        self._due = [share * tickets for share in STEADY]
        self.marks: list[Mark] = []
        self.rss = 0
        self.in_flight = 0

    def mark(self, finished: int) -> Mark:
        """The process's time so far; kept where a mark of the steady part is due."""
        everything = psutil.cpu_times()
        busy = sum(everything) - everything.idle - everything.iowait
        ours = [cpu_seconds(process) for process in self._ours]
        mark = Mark(finished, time.monotonic(), ours[0], busy - sum(ours))
        if self._due and finished >= self._due[0]:
            self._due.pop(0)
            self.marks.append(mark)
        return mark

    async def sample(self) -> None:
        """Until cancelled: the greatest memory and number of calls in flight."""
        while True:
            self.rss = max(self.rss, self._process.memory_info().rss)
            account = await asyncio.to_thread(self._rig.api.account)
            self.in_flight = max(self.in_flight, account["in_flight"])
            await asyncio.sleep(SAMPLE_EVERY)


def run_once(options: Options) -> Run:
    """Everything new."""
    with (
        running_rig(
            options.latency,
            options.sigma,
            max_calls=options.max_calls,
            batch_size=options.batch_size,
        ) as rig,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,  # as in the worker
    ):
        return runner.run(_run(rig, options))


async def _run(rig: Rig, options: Options) -> Run:
    await create_missing(rig.settings, rig.topics, partitions=PARTITIONS)
    if options.paced is None:
        await _send(rig, options)
    floor = await _client_alone(rig, options)
    worker = rig.start_worker()
    tell(f"worker has pid {worker.pid}")
    meter = Meter(rig, worker, options.tickets)
    tasks = [asyncio.create_task(meter.sample())]
    try:
        if options.paced is not None:
            await _until(lambda: "opened: fence" in rig.log, worker)
            tasks.append(asyncio.create_task(_send(rig, options)))
        run = await _watch(rig, options, worker, meter)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        worker.terminate()
        with suppress(TimeoutError):
            await asyncio.to_thread(worker.wait, 30)
        if worker.alive:
            worker.kill()
    run.client_us_per_call = floor
    return run


async def _client_alone(rig: Rig, options: Options) -> float:
    """Microseconds of CPU a call, with as many in flight as the worker will have."""
    settings = rig.settings
    prompt = prompt_of(settings, settings.model)
    some = options.first(2_000)
    parts = [prompt.part(Ticket(fields["id"], fields["text"])) for _, fields in some]
    requests = [prompt.request(new_ids(1), [part]) for part in parts]
    process = psutil.Process()
    began = 0.0
    async with Claude.of(settings) as claude:
        for round_ in (requests[:500], requests[500:]):  # the first opens the connections
            began = cpu_seconds(process)
            left = iter(round_)

            async def slot(left: Iterator[Request] = left) -> None:
                for request in left:
                    await claude.ask(request)

            await asyncio.gather(*(slot() for _ in range(options.max_calls)))
    return round((cpu_seconds(process) - began) / 1_500 * 1e6, 1)


async def _send(rig: Rig, options: Options) -> None:
    """All at once, or each at its time."""
    producer = AIOKafkaProducer(
        bootstrap_servers=rig.settings.bootstrap_servers, linger_ms=0 if options.paced else 20
    )
    began = time.monotonic()
    async with producer:
        for n, (key, fields) in enumerate(options.first(options.tickets)):
            if options.paced:
                await asyncio.sleep(max(0.0, began + n / options.paced - time.monotonic()))
            value = {**fields, "created_at": time.time_ns() // 1_000_000}
            data = json.dumps(value, ensure_ascii=False).encode()
            await producer.send(rig.topics.input, data, key=key)


async def _watch(rig: Rig, options: Options, worker: ChildProcess, meter: Meter) -> Run:
    """Count what comes out until all of it has."""
    began = time.monotonic()
    start = meter.mark(0)
    first = last = start
    added: list[float] = []
    consumer = AIOKafkaConsumer(
        *rig.topics.categories.values(),
        rig.topics.dead_letter,
        bootstrap_servers=rig.settings.bootstrap_servers,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    async with consumer:
        while last.finished < options.tickets:
            batches = await consumer.getmany(timeout_ms=200)
            seen = time.time() * 1000
            new = sum(map(len, batches.values()))
            if new:
                last = meter.mark(last.finished + new)
                first = last if first is start else first
            elif not worker.alive or time.monotonic() - last.at > STALL:
                raise click.ClickException(f"the worker got nowhere:\n{rig.log[-2000:]}")
            if options.paced and len(meter.marks) == 1:  # the steady part
                values = (record.value for records in batches.values() for record in records)
                added += [seen - expected_ms(value, options.latency) for value in values]
    low, high = meter.marks
    seconds, cpu = high.at - low.at, high.cpu - low.cpu
    rate = (high.finished - low.finished) / seconds
    percentiles = quantiles(added, n=100) if added else None
    return Run(
        tickets=options.tickets,
        seconds=round(last.at - first.at, 2),
        text_mb_per_second_and_partition=round(rate * options.text_bytes / PARTITIONS / 1e6, 2)
        if options.text_bytes
        else None,
        seconds_from_start=round(last.at - began, 2),
        tickets_per_second=round(rate, 1),
        cpu_us_per_ticket=round(cpu / (high.finished - low.finished) * 1e6, 1),
        cpu_us_per_ticket_whole=round(last.cpu / options.tickets * 1e6, 1),
        cores_used=round(cpu / seconds, 2),
        cores_elsewhere=round((high.elsewhere - low.elsewhere) / seconds, 2),
        client_us_per_call=0.0,
        rss_mb=round(meter.rss / 1e6, 1),
        in_flight=meter.in_flight,
        added_ms_p50=round(percentiles[49], 1) if percentiles else None,
        added_ms_p99=round(percentiles[98], 1) if percentiles else None,
    )


def expected_ms(value: bytes, latency: float) -> float:
    """When a routed ticket would be seen if only its calls took time (epoch milliseconds)."""
    routed = decode_routed(value)
    calls = 2 if routed.classification.tier == "escalation" else 1
    return (routed.ticket.created_at or 0) + calls * latency * 1000


async def _until(holds: Callable[[], bool], worker: ChildProcess) -> None:
    deadline = time.monotonic() + STALL
    while not holds():
        if not worker.alive or time.monotonic() > deadline:
            raise click.ClickException("the worker did not start")
        await asyncio.sleep(0.05)


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--tickets", default=8_000, show_default=True, type=click.IntRange(100))
@click.option("--max-calls", default=200, show_default=True, help="Call slots of the worker.")
@click.option("--batch-size", default=1, show_default=True, help="Most tickets of a call.")
@click.option("--latency", default=0.1, show_default=True, help="Seconds; the stand-in's median.")
@click.option("--latency-sigma", "sigma", default=None, type=float, help="0.25; 0 with --paced.")
@click.option("--paced", type=float, metavar="RATE", help="Tickets a second: the added latency.")
@click.option(
    "--tickets-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON lines with "text" (and "subject", "channel"); by default the samples.',
)
@click.option("--text-bytes", default=0, help="Make each text that long, of many samples.")
@click.option("--repeat", default=1, show_default=True, help="Runs; the figures are their medians.")
def main(repeat: int, **given: Any) -> None:
    configure("CRITICAL")  # topics that were just made are not everywhere at once: clients retry
    if given["sigma"] is None:
        # Paced, the latency is subtracted: it must be the same for every call.
        given["sigma"] = 0.0 if given["paced"] else 0.25
    options = Options(**given)
    some = options.first(min(options.tickets, 2_000))
    order = PACED.format(paced=options.paced) if options.paced else BACKLOG
    tell(
        HOW.format(
            **asdict(options),
            order=order,
            ticket_bytes=round(mean(len(json.dumps(fields)) for _, fields in some)),
            partitions=PARTITIONS,
            first=STEADY[0],
            last=STEADY[1],
            every=SAMPLE_EVERY,
            cores=psutil.cpu_count(),
        )
    )
    runs = []
    for number in range(1, repeat + 1):
        runs.append(run_once(options))
        shown = (f"{name} {value}" for name, value in asdict(runs[-1]).items() if value is not None)
        tell(f"run {number}: {', '.join(shown)}")
    found = {
        **medians(runs),
        "max_calls": options.max_calls,
        "batch_size": options.batch_size,
        "latency_s": options.latency,
        "latency_sigma": options.sigma,
        "paced": options.paced,
        "text_bytes": options.text_bytes,
        "runs": [asdict(run) for run in runs],
    }
    conclude(found)


if __name__ == "__main__":
    main()
