"""The tickets of a round: texts that differ, so that each paid call tells which ticket it was for,
and a producer that keeps the workers busy whatever happens to the broker."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import islice

from aiokafka.errors import KafkaError

from streams.classify.categories import DEFAULT
from streams.classify.prompt import Prompt
from streams.events.wire import UndecodableEvent, decode_ticket
from streams.local.samples import draw
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


class Digests:
    """What the stand-in's ledger calls the prompt of a ticket."""

    def __init__(self, settings: Settings) -> None:
        self._prompt = Prompt(DEFAULT, settings.model, settings.max_tokens, settings.max_text_chars)

    def of(self, value: bytes | None) -> str | None:
        """None for an event that is no ticket."""
        try:
            ticket = decode_ticket(value)
        except UndecodableEvent:
            return None
        content = self._prompt.request(ticket)["messages"][0]["content"]
        return sha256(content.encode("utf-8", "replace")).hexdigest()[:16]


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
        """For ever: never less than ``AHEAD`` tickets more than there were paid calls."""
        while True:
            if self.given < min(self._stack.api.account()["paid"] + AHEAD, MOST):
                with suppress(KafkaError, OSError, TimeoutError):
                    await self.send(BATCH)
            await asyncio.sleep(0.2)
