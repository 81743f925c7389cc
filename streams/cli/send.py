"""``ticket-streams send``: JSON lines to the input topic."""

import asyncio
import json
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import BinaryIO

import click
from aiokafka import AIOKafkaProducer
from rich.progress import DownloadColumn, Progress

from streams.access.connection import client_arguments
from streams.audit.topic_admin import MissingTopicError, connect, open_admin, partition_counts
from streams.cli.common import json_option, load, print_json, progress, run
from streams.cli.mapping import header_of
from streams.events.wire import SchemaNeeded, UndecodableEvent, decode_ticket
from streams.mapping.reader import reader_of
from streams.settings import Settings

CHUNK_BYTES = 65_536
MOST_UNACKNOWLEDGED = 10_000


@click.command(name="send")
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--key",
    default="customer_id",
    show_default=True,
    metavar="FIELD",
    help="Field whose value is the event's key: tickets of one key stay in order.",
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Most tickets a second.")
@click.option(
    "--header", "headers", multiple=True, metavar="NAME=VALUE", help="A header for each event."
)
@click.option("--unchecked", is_flag=True, help="Send lines that are no tickets too, as they are.")
@json_option
def command(
    file: BinaryIO,
    key: str,
    rate: float | None,
    headers: tuple[str, ...],
    unchecked: bool,
    as_json: bool,
) -> None:
    """Send tickets, one JSON object a line, from FILE or standard input.

    A ticket has an id and a text; subject, customer_id, channel and created_at may be there too.
    Where a mapping is set (TICKET_STREAMS_MAPPING) a line is an event of that shape, sent as it is,
    and --key names a field of the ticket in it.

    \b
    Examples:
      TICKET_STREAMS_MAPPING=zendesk ticket-streams send events.jsonl
      ticket-streams send tickets.jsonl
      echo '{"id": "1", "text": "I was charged twice"}' | ticket-streams send
    """
    settings = load()
    given = [header_of(header) for header in headers]
    sender = Sender(settings, key, rate, checked=not unchecked, headers=given)
    run(sender.send(file))
    if as_json:
        print_json({"topic": settings.input_topic, "sent": sender.sent})
    else:
        click.echo(f"sent {sender.sent:,} tickets to topic {settings.input_topic}")


class Sender:
    """Sends lines in order, and knows how many."""

    def __init__(
        self,
        settings: Settings,
        key: str,
        rate: float | None,
        *,
        checked: bool,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        self.sent = 0
        self._headers = headers
        self._read = reader_of(settings.mapping, settings.filter)
        self._mapped = settings.mapping is not None
        self._settings = settings
        self._key = key
        self._rate = rate
        self._checked = checked

    async def send(self, file: BinaryIO) -> None:
        """Everything in ``file``. Raises ClickException at the first line that is no ticket."""
        bootstrap, topic = self._settings.kafka, self._settings.input_topic
        async with open_admin(bootstrap) as admin:
            if topic not in await partition_counts(admin):
                raise MissingTopicError(topic)
        # Its default partitioner is Java's: murmur2 of the key.
        producer = AIOKafkaProducer(
            **client_arguments(bootstrap), enable_idempotence=True, linger_ms=5
        )
        bar = progress(DownloadColumn())
        try:
            await connect(producer, bootstrap)
            with bar:
                await self._lines(file, producer, bar)
        finally:
            await producer.stop()

    async def _lines(self, file: BinaryIO, producer: AIOKafkaProducer, bar: Progress) -> None:
        task = bar.add_task("", total=_size(file))
        waiting: deque[asyncio.Future[object]] = deque()
        begun, number = time.monotonic(), 0
        async for line in _read(file):
            number += 1
            bar.advance(task, len(line))
            if line.strip():
                key = self._key_of(line.strip(), number)
                topic = self._settings.input_topic
                waiting.append(
                    await producer.send(topic, line.strip(), key=key, headers=list(self._headers))
                )
            while waiting and (len(waiting) > MOST_UNACKNOWLEDGED or waiting[0].done()):
                await waiting.popleft()
                self.sent += 1
            if self._rate:
                ahead = begun + number / self._rate - time.monotonic()
                await asyncio.sleep(max(0.0, ahead))
        for acknowledged in waiting:
            await acknowledged
            self.sent += 1

    def _key_of(self, line: bytes, number: int) -> bytes | None:
        try:
            if self._mapped:
                found = self._read(line, self._headers, {})
                key = getattr(found, self._key, None)
            else:
                if self._checked:
                    decode_ticket(line)
                key = json.loads(line).get(self._key)
        except (UndecodableEvent, SchemaNeeded) as error:
            if not self._checked:
                return None
            raise click.ClickException(
                f"line {number}: {error}; the lines before it were sent"
            ) from None
        except (ValueError, AttributeError):
            return None
        return None if key is None else str(key).encode()


async def _read(file: BinaryIO) -> AsyncIterator[bytes]:
    # In a thread, because a pipe may keep us waiting; line by line there, so that none waits.
    while lines := await asyncio.to_thread(file.readlines, CHUNK_BYTES if _size(file) else 1):
        for line in lines:
            yield line


def _size(file: BinaryIO) -> int | None:
    """Bytes of a file; None for a pipe."""
    try:
        return os.fstat(file.fileno()).st_size or None
    except OSError:
        return None
