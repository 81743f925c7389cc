"""A large backlog: does memory stay flat, does the lag fall steadily, is a restart soon at work?

    python -m benchmarks.backlog                                       # 200,000 tickets
    python -m benchmarks.backlog --partitions 64 --tickets 50000       # many partitions, one worker

Readable lines go to standard error; the last line of standard output is one JSON object.
"""

import asyncio
import json
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import click
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from benchmarks.report import conclude, tell
from benchmarks.rig import Rig, running_rig, tickets
from streams.audit.topic_admin import create_missing
from streams.observe.logs import configure

HOW = """\
How: all tickets are in Kafka before the worker starts. The group's committed offsets are read every
{every:g} s, the worker's resident set with them. At a third of the way it is stopped with SIGTERM,
and at two thirds killed with SIGKILL and started again at once, each time under the same static
name; "at work" is the first offset committed by the new process, from its start on. The machine's
{cores} cores are shared with broker, stand-in and this reader."""
EVERY = 1.0
PACE = 10
"""Looks over which the lag must have fallen."""
STALL = 60.0


@dataclass(slots=True)
class Course:
    """What was seen, look by look."""

    done: list[int] = field(default_factory=list)
    rss: list[int] = field(default_factory=list)
    longest_wait: float = 0.0
    """Seconds in which a partition that had tickets left got none of them done, restarts aside."""


class Backlog:
    """One worker and what is before it."""

    def __init__(self, rig: Rig, ends: list[int]) -> None:
        self._rig = rig
        self._partitions = len(ends)
        self._ends = ends
        self._admin = AIOKafkaAdminClient(bootstrap_servers=rig.settings.bootstrap_servers)
        self.course = Course()
        self.worker = rig.start_worker()

    async def __aenter__(self) -> "Backlog":
        await self._admin.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()
        self.worker.terminate()
        with suppress(TimeoutError):
            await asyncio.to_thread(self.worker.wait, 30)
        if self.worker.alive:
            self.worker.kill()

    async def committed(self) -> list[int]:
        """By partition."""
        try:
            found = await self._admin.list_consumer_group_offsets(self._rig.settings.app_id)
        except GroupCoordinatorNotAvailableError:  # the first group makes its topic
            found = {}
        topic = self._rig.topics.input
        by = {tp.partition: max(0, at.offset) for tp, at in found.items() if tp.topic == topic}
        return [by.get(number, 0) for number in range(self._partitions)]

    async def until(self, finished: int) -> list[int]:
        """Watch until so many tickets are committed."""
        moved = time.monotonic()
        before, since = [-1] * self._partitions, [moved] * self._partitions
        while True:
            offsets = await self.committed()
            total = sum(offsets)
            for number, offset in enumerate(offsets):
                now = time.monotonic()
                if offset > before[number] or offset >= self._ends[number]:
                    since[number] = now
                self.course.longest_wait = max(self.course.longest_wait, now - since[number])
            before = offsets
            if self.course.done and total > self.course.done[-1]:
                moved = time.monotonic()
            self.course.done.append(total)
            with suppress(psutil.Error, ProcessLookupError):
                self.course.rss.append(psutil.Process(self.worker.pid).memory_info().rss)
            if total >= finished:
                return offsets
            if not self.worker.alive or time.monotonic() - moved > STALL:
                raise click.ClickException(f"the worker got nowhere:\n{self._rig.log[-2000:]}")
            await asyncio.sleep(EVERY)

    async def restart(self, number: int) -> float:
        """End the worker with a signal, start it again; seconds until the new one commits."""
        psutil.Process(self.worker.pid).send_signal(number)
        await asyncio.to_thread(self.worker.wait, 30)
        before = sum(await self.committed())
        began = time.monotonic()
        self.worker = self._rig.start_worker()
        while sum(await self.committed()) <= before:
            if time.monotonic() - began > STALL:
                raise click.ClickException(f"not at work again:\n{self._rig.log[-2000:]}")
            await asyncio.sleep(0.05)
        return round(time.monotonic() - began, 2)


async def _send(rig: Rig, count: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.bootstrap_servers, linger_ms=50)
    async with producer:
        for key, fields in tickets(count, 1):
            value = {**fields, "created_at": time.time_ns() // 1_000_000}
            data = json.dumps(value, ensure_ascii=False).encode()
            await producer.send(rig.topics.input, data, key=key)


async def _ends(rig: Rig, partitions: int) -> list[int]:
    wanted = [TopicPartition(rig.topics.input, number) for number in range(partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=rig.settings.bootstrap_servers)
    async with consumer:
        ends = await consumer.end_offsets(wanted)
    return [ends[tp] for tp in wanted]


async def _run(rig: Rig, count: int, partitions: int) -> dict[str, Any]:
    await create_missing(rig.settings, rig.topics, partitions=partitions)
    await _send(rig, count)
    ends = await _ends(rig, partitions)
    tell(f"{count} tickets wait")
    began = time.monotonic()
    async with Backlog(rig, ends) as backlog:
        await backlog.until(count // 3)
        stopped = await backlog.restart(signal.SIGTERM)
        tell(f"at work again {stopped} s after a stop")
        await backlog.until(2 * count // 3)
        killed = await backlog.restart(signal.SIGKILL)
        tell(f"at work again {killed} s after a kill")
        await backlog.until(count)
    seconds = time.monotonic() - began
    done, rss = backlog.course.done, backlog.course.rss
    still = sum(late <= early for early, late in zip(done, done[PACE:], strict=False))
    tenth = max(1, len(rss) // 10)
    return {
        "tickets": count,
        "partitions": partitions,
        "seconds": round(seconds, 1),
        "tickets_per_second": round(count / seconds, 1),
        "rss_mb_most": round(max(rss) / 1e6, 1),
        "rss_mb_first_tenth": round(max(rss[:tenth]) / 1e6, 1),
        "rss_mb_last_tenth": round(max(rss[-tenth:]) / 1e6, 1),
        "looks": len(done),
        "looks_without_progress_for_10_s": still,
        "longest_wait_of_a_partition_s": round(backlog.course.longest_wait, 1),
        "at_work_after_stop_s": stopped,
        "at_work_after_kill_s": killed,
    }


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--tickets", "count", default=200_000, show_default=True, type=click.IntRange(1_000))
@click.option("--partitions", default=8, show_default=True, type=click.IntRange(1))
@click.option("--max-calls", default=200, show_default=True, help="Call slots of the worker.")
@click.option("--latency", default=0.1, show_default=True, help="Seconds; the stand-in's median.")
def main(count: int, partitions: int, max_calls: int, latency: float) -> None:
    configure("CRITICAL")
    tell(HOW.format(every=EVERY, cores=psutil.cpu_count()))
    settings = {"max_calls": max_calls, "group_instance_id": "bench-1", "log_level": "INFO"}
    with running_rig(latency, 0.25, **settings) as rig:
        found = asyncio.run(_run(rig, count, partitions))
    conclude(found)


if __name__ == "__main__":
    main()
