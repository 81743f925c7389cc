"""``ticket-streams dead-letters``: what left the line, and why."""

import heapq
from contextlib import aclosing
from typing import NamedTuple

import click
from rich.markup import escape
from rich.table import Table

from streams.audit.records import header_texts
from streams.audit.snapshot import place, read_topic
from streams.cli.common import console, json_option, load, print_json, run, topics_of, utc
from streams.events.headers import (
    ERROR_TYPE,
    MESSAGE,
    SOURCE_OFFSET,
    SOURCE_PARTITION,
    SOURCE_TIMESTAMP,
    SOURCE_TOPIC,
    STAGE,
)


class Letter(NamedTuple):
    """A dead letter without its text, and the time it was written by (epoch milliseconds)."""

    at: int
    place: str
    source: str
    stage: str
    error_type: str
    message: str


@click.group(name="dead-letters")
def command() -> None:
    """Look at the events that could not be classified.

    \b
    Example:
      ticket-streams dead-letters list --limit 20
    """


@command.command(name="list")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="The newest so many.",
)
@json_option
def show(limit: int, as_json: bool) -> None:
    """List dead letters, newest first: where they are, where they came from, and why.

    \b
    Example:
      ticket-streams dead-letters list --limit 5 --json
    """
    settings = load()
    topic = topics_of(settings).dead_letter
    total, letters = run(newest(settings.bootstrap_servers, topic, limit))
    if as_json:
        print_json({"total": total, "dead_letters": [letter._asdict() for letter in letters]})
        return
    table = Table("event written", "dead letter", "event", "stage", "error", "message")
    for letter in letters:
        table.add_row(utc(letter.at / 1000), *map(escape, letter[1:]))
    console().print(table)
    click.echo(f"{len(letters)} of {total}")


async def newest(bootstrap: str, topic: str, limit: int) -> tuple[int, list[Letter]]:
    """The number of dead letters, and the newest ``limit`` of them, newest first."""
    total, best = 0, list[Letter]()
    async with aclosing(read_topic(bootstrap, topic)) as records:
        async for record in records:
            total += 1
            said = header_texts(record)
            source = f"{said.get(SOURCE_TOPIC, '?')}[{said.get(SOURCE_PARTITION, '?')}]"
            letter = Letter(
                int(said.get(SOURCE_TIMESTAMP, record.timestamp)),
                place(record),
                f"{source}@{said.get(SOURCE_OFFSET, '?')}",
                said.get(STAGE, ""),
                said.get(ERROR_TYPE, ""),
                said.get(MESSAGE, ""),
            )
            (heapq.heappush if len(best) < limit else heapq.heappushpop)(best, letter)
    return total, sorted(best, reverse=True)
