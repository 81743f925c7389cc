"""The tickets of a round: texts that differ, so that each paid call tells which ticket it was for,
and a producer that keeps the workers busy whatever happens to the broker."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from aiokafka.errors import KafkaError

from streams.classify.prompt import ticket_content
from streams.events.wire import UndecodableEvent, decode_ticket
from streams.local.samples import draw
from streams.local.standin.ledger import digest
from streams.settings import Settings
from tests.stack import Stack

AHEAD = 400
BATCH = 200
MOST = 6_000
SEND_SECONDS = 20.0

Event = tuple[bytes | None, bytes]


def events(seed: int) -> Iterator[Event]:
    """Samples with mixed keys, poison among them; the text of each ticket ends in its number."""
    for number, event in enumerate(draw(10 * MOST, seed)):
        try:
            fields = json.loads(event.value)
            assert isinstance(fields["text"], str)
            assert fields["text"].strip()
            fields["text"] += f" [{number}]"
        except (ValueError, LookupError, TypeError, AssertionError):
            yield event.key, event.value  # poison stays as it is
        else:
            yield event.key, json.dumps(fields).encode()


def digest_of(value: bytes | None, settings: Settings) -> str | None:
    """What the stand-in's ledger calls the ticket of an event; None for one that is no ticket."""
    try:
        ticket = decode_ticket(value)
    except UndecodableEvent:
        return None
    return digest(ticket_content(ticket, settings.max_text_chars))


class Feeder:
    """Sends the tickets of a round to its input topic."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self._stack = stack
        self._events = events(seed)
        self.given = 0
        """Tickets given to a producer: after a fault of the broker fewer may have arrived."""

    async def send(self, n: int) -> None:
        """Send as many. Raises KafkaError, OSError or TimeoutError."""
        async with asyncio.timeout(SEND_SECONDS):
            self.given += await self._stack.send(islice(self._events, n))

    async def keep_busy(self) -> None:
        """For ever: never less than ``AHEAD`` tickets more than the API was paid for."""
        while True:
            if self.given < min(self._stack.api.account()["tickets"] + AHEAD, MOST):
                with suppress(KafkaError, OSError, TimeoutError):
                    await self.send(BATCH)
            await asyncio.sleep(0.2)
