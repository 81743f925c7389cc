"""How long a worker needs to read a million rows of the tables when it is given its partitions.

    python -m benchmarks.restore
    python -m benchmarks.restore --rows 100000 --partitions 64

Readable lines go to standard error; the last line of standard output is one JSON object.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import product
from operator import itemgetter
from typing import Any

import click
import psutil
from confluent_kafka import Producer

from benchmarks.process import cpu_seconds
from benchmarks.report import conclude, tell
from benchmarks.rig import running_kafka
from streams.audit.topic_admin import create_missing
from streams.books.changelog import (
    decode_count,
    decode_spend,
    encode_count,
    encode_key,
    encode_spend,
)
from streams.books.dimensions import Dimensions
from streams.books.rows import SpendRow
from streams.delivery.faust_door import create_app
from streams.delivery.restore import many_objects, restore
from streams.events.topics import Topics
from streams.settings import Settings, load_settings, to_environment

MOST_SECONDS = 10.0
"""For a million rows."""

HOW = """\
How: {rows} rows, ten of spend and two of errors in each window, lie in the changelogs of
{partitions} partitions in an embedded Kafka. A process of its own then does what a
worker does before its first call: it reads them all, read_committed, and opens its tables with
them. The machine's {cores} cores are shared with the broker."""

ROUNDS = 2
"""Of both ways in turn; the faster one of each counts."""

MODELS = ("claude-haiku-5-5", "claude-sonnet-5-5")
CATEGORIES = ("billing", "technical", "product_feedback", "account", "unknown")
STAGES = ("api|overloaded_error", "answer|refusal")


def rows(count: int, partition: int, window: int) -> Iterator[tuple[str, bytes, bytes]]:
    """Table, key and value of ``count`` rows of a partition, twelve to a window."""
    spend = [
        Dimensions(model, category, "first", "ok", "bench").key(partition)
        for model, category in product(MODELS, CATEGORIES)
    ]
    kinds = [*(("spend", key) for key in spend), *(("errors", f"{partition}|{s}") for s in STAGES)]
    last = time.time() // window * window
    for number in reversed(range(count)):
        age, kind = divmod(number, len(kinds))
        table, key = kinds[kind]
        start = last - window * age
        row = SpendRow(25, 25, 12_345, 600, 0, 0, 12_345 * 100_000 + number, 0)
        value = encode_spend(row) if table == "spend" else encode_count(1 + number % 9)
        yield table, encode_key(key, start, start + window - 0.1), value


def fill(settings: Settings, topics: Topics, count: int, partitions: int) -> None:
    """Writes the rows, in transactions of 5,000."""
    producer = Producer(
        {
            "bootstrap.servers": settings.bootstrap_servers,
            "transactional.id": "filling",
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    producer.init_transactions(30)
    names = {"spend": topics.spend, "errors": topics.errors}
    for partition in range(partitions):
        producer.begin_transaction()
        wanted = (count + partition) // partitions
        for number, (table, key, value) in enumerate(
            rows(wanted, partition, settings.window_seconds), start=1
        ):
            producer.produce(names[table], value, key, partition)
            producer.poll(0)
            if number % 5_000 == 0:
                producer.commit_transaction(60)
                producer.begin_transaction()
        producer.commit_transaction(60)


async def measure(settings: Settings, partitions: int, *, collecting: bool) -> dict[str, Any]:
    """Restores everything, as the worker's Member does; ``collecting`` as it did before, with
    Python's collector on and what was read kept."""
    app = create_app(settings)
    tables = {
        Topics.of(settings).spend: app.book(
            "spend", SpendRow, encode_spend, decode_spend, settings
        ).table,
        Topics.of(settings).errors: app.book(
            "errors", int, encode_count, decode_count, settings
        ).table,
    }
    process = psutil.Process()
    before, began = process.memory_info().rss, time.monotonic()
    with nullcontext() if collecting else many_objects(again=False):
        state = await restore(settings.bootstrap_servers, Topics.of(settings), range(partitions))
        read = time.monotonic()
        for number, restored in state.items():
            for topic, table in tables.items():
                await table.restore(number, restored.changelogs[topic])
            if not collecting:
                restored.changelogs.clear()
    opened = time.monotonic()
    return {
        "rows": sum(len(table.data.data) for table in tables.values()),
        "seconds": round(opened - began, 2),
        "reading_seconds": round(read - began, 2),
        "opening_seconds": round(opened - read, 2),
        "cpu_seconds": round(cpu_seconds(process), 2),
        "rss_mb_more": round((process.memory_info().rss - before) / 2**20, 1),
    }


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--rows", "count", default=1_000_000, show_default=True, type=click.IntRange(1_000))
@click.option("--partitions", default=8, show_default=True, type=click.IntRange(1))
@click.option("--measure", "measuring", is_flag=True, hidden=True)
@click.option("--collecting", is_flag=True, hidden=True)
def main(count: int, partitions: int, measuring: bool, collecting: bool) -> None:
    if measuring:
        found = asyncio.run(measure(load_settings(), partitions, collecting=collecting))
        click.echo(json.dumps(found))
        return
    tell(HOW.format(rows=count, partitions=partitions, cores=psutil.cpu_count()))
    with running_kafka() as (broker, _):
        settings = load_settings(bootstrap_servers=broker.bootstrap)
        topics = Topics.of(settings)
        asyncio.run(create_missing(settings, topics, partitions=partitions))
        began = time.monotonic()
        fill(settings, topics, count, partitions)
        tell(f"written in {time.monotonic() - began:.0f} s")
        options = [f"--partitions={partitions}", "--measure"]
        runs = [
            [_measured([*options, *more], settings, count) for more in (["--collecting"], [])]
            for _ in range(ROUNDS)
        ]
        before, found = (min(side, key=itemgetter("seconds")) for side in zip(*runs, strict=True))
    tell(
        f"{count} rows restored in {found['seconds']} s (aim: {MOST_SECONDS:g} s a million), "
        f"with {found['rss_mb_more']} MB more; with Python's collector on in "
        f"{before['seconds']} s"
    )
    both = {**found, "with_collector": before, "partitions": partitions}
    conclude(both)


def _measured(options: Sequence[str], settings: Settings, count: int) -> dict[str, Any]:
    """In a process of its own. Raises ClickException if rows are missing."""
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.restore", *options],
        stdout=subprocess.PIPE,
        env=to_environment(settings),
        check=True,
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    if found["rows"] != count:
        raise click.ClickException(f"{found['rows']} rows instead of {count}")
    return found


if __name__ == "__main__":
    main()
