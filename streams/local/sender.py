"""Puts the demo's tickets into the input topic."""

from collections.abc import Iterable, Iterator

from aiokafka import AIOKafkaProducer

from streams.events.topics import Topics
from streams.local.foreign_samples import draw_foreign
from streams.local.samples import Event, draw
from streams.settings import Settings


class Sender:
    """Puts sample tickets into the input topic."""

    def __init__(
        self, settings: Settings, topics: Topics, seed: int, mapping: str | None = None
    ) -> None:
        """``mapping`` is a ready-made one: then its samples are sent, over and over."""
        self._settings = settings
        self._topic = topics.input
        self._seed = seed
        self._mapping = mapping
        self._sendings = 0

    async def send(self, tickets: int) -> None:
        """As they are: texts repeat, and what was answered before needs no call."""
        await self._send(self._events(tickets, self._seed))

    async def send_distinct(self, tickets: int) -> None:
        """Each with a text of its own, but for those of a mapping."""
        self._sendings += 1
        seed = self._seed * 1_000 + self._sendings
        await self._send(self._events(tickets, seed, distinct=True))

    def _events(self, tickets: int, seed: int, *, distinct: bool = False) -> Iterator[Event]:
        if self._mapping is not None:
            return draw_foreign(tickets, self._mapping)
        return draw(tickets, seed, distinct=distinct)

    async def _send(self, events: Iterable[Event]) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap_servers,
            linger_ms=5,
            max_request_size=2**21,
            enable_idempotence=True,
        )
        async with producer:
            for event in events:
                await producer.send(
                    self._topic, event.value, key=event.key, headers=list(event.headers)
                )
