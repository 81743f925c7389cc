"""A worker's own commits, looked after: do readers see them everywhere?

Kafka can commit a transaction and leave out its marker in a partition (streams.delivery.unended).
Readers wait there, and what they wait for would be lost if our next transaction in that partition
were aborted. So what is not seen some seconds after its commit is ended once more, by a commit; and
after the coordinator was lost no transaction begins before all is seen.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from streams.access.connection import Address
from streams.audit.snapshot import learn, open_consumer
from streams.audit.topic_admin import TopicsError
from streams.delivery.open_transactions import Open, open_transactions

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
"""For one look; then the next one tries again."""

MARKER_SECONDS = 5.0
"""After a coordinator has come back it writes what markers are due at once; so long is waited."""

AGAIN_SECONDS = 0.1
"""Until the next look while a transaction waits for it."""

AWAY = KafkaError, TopicsError, OSError, TimeoutError
"""How a look fails where Kafka does."""

Ends = Mapping[TopicPartition, int]
"""The offset after the last record, by partition."""


class LeftOutError(RuntimeError):
    """Kafka has left out markers of ours: the partition's next owner ends what has no end."""


class Writer(Protocol):
    """A source partition of ours."""

    number: int
    name: str

    @property
    def producer_id(self) -> int:
        """Kafka's number for its producer."""

    @property
    def unseen(self) -> Ends:
        """What it has committed and nobody has seen yet."""

    def seen(self, ends: Ends) -> None:
        """Readers of committed records see so far."""

    def end_again(self, where: Collection[TopicPartition]) -> None:
        """Commit, with markers in these partitions too."""


class Endings:
    """The looks of one worker, for as long as its partitions stay open."""

    def __init__(self, bootstrap: Address, client: AIOKafkaClient) -> None:
        self._bootstrap = bootstrap
        self._client = client
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._reader: AIOKafkaConsumer | None = None
        self._before: dict[int, Ends] = {}

    async def look(self, writers: Collection[Writer]) -> None:
        """Look for what was committed before the last look. Kafka is let be where it is away."""
        before = self._before
        self._before = {writer.number: dict(writer.unseen) for writer in writers}
        if not any(before.values()):
            return
        try:
            visible, told = await self._ask(before.values())
        except AWAY as error:
            log.debug("whether commits are seen is not known this time: %r", error)
            return
        for writer in writers:
            writer.seen(visible)
            where = without_end(before.get(writer.number, {}), visible, told, writer.producer_id)
            if where:
                log.warning(
                    "partition %s: Kafka committed a transaction and left out its markers in %d "
                    "partitions: they are written now",
                    writer.name,
                    len(where),
                )
                writer.end_again(where)

    async def until_seen(self, writer: Writer) -> None:
        """Return when readers see all that ``writer`` has committed; Kafka may be away meanwhile.

        Raises LeftOutError.
        """
        began: float | None = None
        while committed := dict(writer.unseen):
            try:
                visible, told = await self._ask([committed])
            except AWAY as error:
                log.debug("whether commits are seen is not known yet: %r", error)
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            writer.seen(visible)
            where = without_end(committed, visible, told, writer.producer_id)
            if not where:
                return
            began = began or time.monotonic()
            if time.monotonic() - began > MARKER_SECONDS:
                log.error(
                    "partition %s: Kafka left out its markers in %d partitions and does not write "
                    "them: whoever opens the partition next does",
                    writer.name,
                    len(where),
                )
                raise LeftOutError(f"{len(where)} partitions lack their markers")
            await asyncio.sleep(AGAIN_SECONDS)

    async def _ask(self, committed: Iterable[Ends]) -> tuple[Ends, Open]:
        """How far readers see where something is ``committed``; and what is open where that is not
        far enough. Raises what AWAY has."""
        ends = list(committed)
        asked = {tp for of in ends for tp in of}
        async with asyncio.timeout(LOOK_SECONDS):
            reader = await self._open()
            await learn(reader, {tp.topic for tp in asked})
            visible: Ends = await reader.end_offsets(list(asked))
        late = {tp for of in ends for tp, end in of.items() if visible[tp] < end}
        return visible, await open_transactions(self._client, late, LOOK_SECONDS) if late else {}

    async def _open(self) -> AIOKafkaConsumer:
        async with self._opening:
            if self._reader is None:
                opening = open_consumer(self._bootstrap, "read_committed")
                self._reader = await self._stack.enter_async_context(opening)
        return self._reader

    async def close(self) -> None:
        """Close the connection."""
        await self._stack.aclose()


def without_end(
    committed: Ends, visible: Ends, told: Open, producer_id: int
) -> set[TopicPartition]:
    """The partitions where something ``committed`` by ``producer_id`` is not ``visible`` for want
    of its own marker, not because a transaction of others is open before it.

    Where Kafka does not tell whose it is, it is taken for ours: one marker too many does no harm.
    """
    found = set()
    for tp, end in committed.items():
        if visible.get(tp, end) >= end:
            continue
        start = told[tp].get(producer_id, end) if tp in told else 0
        if start < end:
            found.add(tp)
    return found
