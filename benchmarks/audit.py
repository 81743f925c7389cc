"""How long ``ticket-streams verify`` takes for many tickets, and how much memory.

    python -m benchmarks.audit                        # 100,000 tickets
    python -m benchmarks.audit --tickets 1000000

Readable lines go to standard error; the last line of standard output is one JSON object.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import psutil

from benchmarks.filling import CACHED, ESCALATED, GROUP, fill
from benchmarks.report import conclude, tell
from benchmarks.rig import running_kafka
from streams.audit.topic_admin import create_missing
from streams.events.topics import Topics
from streams.settings import Settings, load_settings, to_environment

MOST_SECONDS_A_MILLION = 180.0
MOST_MB = 500.0

HOW = """\
How: {count} tickets, and what workers would have made of them ({group} a call, one in {escalated} \
asked
twice, one in {cached} answered like an identical one), are written into an embedded Kafka with
{partitions} partitions a topic. Then the real command runs, in a process of its own; its seconds
and its greatest resident set are what the system says. The machine's {cores} cores are shared with
the broker."""


def verify(settings: Settings) -> dict[str, Any]:
    """Runs the command. Raises ClickException if a promise does not hold."""
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        with out.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "streams", "verify", "--json"],
                stdout=file,
                env=to_environment(settings),
            )
            _, _, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        report = json.loads(out.read_text("utf-8"))
    if not report["ok"]:
        raise click.ClickException(
            "not all promises hold: " + json.dumps([c for c in report["checks"] if not c["ok"]])
        )
    return {
        "tickets": report["tickets"],
        "seconds": round(seconds, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "rss_mb": round(usage.ru_maxrss / 1024, 1),
        "seconds_a_million": round(seconds * 1e6 / report["tickets"], 1),
        "checks": len(report["checks"]),
    }


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--tickets", "count", default=100_000, show_default=True, type=click.IntRange(1_000))
@click.option("--partitions", default=8, show_default=True, type=click.IntRange(1))
def main(count: int, partitions: int) -> None:
    tell(
        HOW.format(
            count=count,
            group=GROUP,
            escalated=ESCALATED,
            cached=CACHED,
            partitions=partitions,
            cores=psutil.cpu_count(),
        )
    )
    with running_kafka() as (broker, _):
        settings = load_settings(bootstrap_servers=broker.bootstrap)
        topics = Topics.of(settings)
        asyncio.run(create_missing(settings, topics, partitions=partitions))
        began = time.monotonic()
        fill(settings, topics, count, partitions)
        tell(f"written in {time.monotonic() - began:.0f} s")
        found = verify(settings)
    tell(
        f"{found['tickets']} tickets checked in {found['seconds']} s with {found['rss_mb']} MB: "
        f"{found['seconds_a_million']} s a million "
        f"(aim: {MOST_SECONDS_A_MILLION:g} s and {MOST_MB:g} MB for a million)"
    )
    conclude(found)


if __name__ == "__main__":
    main()
