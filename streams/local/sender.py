"""Puts the demo's tickets into the input topic."""

from collections.abc import Iterable

from aiokafka import AIOKafkaProducer

from streams.events.topics import Topics
from streams.local.samples import Event, draw
from streams.settings import Settings


class Sender:
    """Puts sample tickets into the input topic; no two sendings are alike."""

    def __init__(self, settings: Settings, topics: Topics, seed: int) -> None:
        self._settings = settings
        self._topic = topics.input
        self._seed = seed
        self._sendings = 0

    async def send(self, tickets: int) -> None:
        """As they are: texts repeat, and what was answered before needs no call."""
        await self._send(draw(tickets, self._seed))

    async def send_distinct(self, tickets: int) -> None:
        """Each with a text of its own."""
        self._sendings += 1
        await self._send(draw(tickets, self._seed * 1_000 + self._sendings, distinct=True))

    async def _send(self, events: Iterable[Event]) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap_servers,
            linger_ms=5,
            max_request_size=2**21,
            enable_idempotence=True,
        )
        async with producer:
            for event in events:
                await producer.send(self._topic, event.value, key=event.key)
