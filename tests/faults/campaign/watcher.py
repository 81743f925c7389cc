"""Watches which tickets are finished, as a read_committed consumer sees it, whatever breaks."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams.audit.snapshot import Snapshot, open_snapshot
from streams.audit.topic_admin import TopicsError
from tests.stack import Stack

POLL = 0.2
# Whatever a client does that talks to a dead broker: after so long another one is made.
PATIENCE = 15.0


class Watcher:
    """Counts events of the input topic and tickets in the outputs, from the start of the round."""

    def __init__(self, stack: Stack) -> None:
        self._bootstrap = stack.settings.bootstrap_servers
        topics = stack.topics
        self._input = topics.input
        self._outputs = (topics.dead_letter, *topics.categories.values())
        self._read: dict[TopicPartition, int] = {}
        self.looks = 0
        """Times that everything new was read."""
        self.arrived = 0
        self.finished = 0

    async def watch(self) -> None:
        """For ever. A client that hangs, even when it is closed, is left behind for a new one."""
        while True:
            session = asyncio.create_task(self._session())
            try:
                while not session.done():
                    looks = self.looks
                    await asyncio.wait({session}, timeout=PATIENCE)
                    if self.looks == looks:
                        break
            finally:
                session.cancel()
            await asyncio.sleep(POLL)

    async def _session(self) -> None:
        with suppress(KafkaError, OSError, TimeoutError, TopicsError):
            async with open_snapshot(self._bootstrap) as snapshot:
                while True:
                    await self._look(snapshot)
                    await asyncio.sleep(POLL)

    async def recovered(self, within: float) -> float | None:
        """Seconds from now to the first newly finished ticket; None if there is none in time."""
        began = time.monotonic()
        looks = self.looks
        # What was finished before now is seen by the first look that begins after it.
        if not await self.until(lambda: self.looks >= looks + 2, within):
            return None
        before = self.finished
        # Nothing is left to be finished where the workers were done before the fault was over.
        await self.until(lambda: self.finished > before or self.finished >= self.arrived, within)
        return time.monotonic() - began if self.finished > before else None

    async def until(self, holds: Callable[[], bool], within: float) -> bool:
        """Whether it came true in that many seconds."""
        deadline = time.monotonic() + within
        while not holds():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(POLL / 4)
        return True

    async def _look(self, snapshot: Snapshot) -> None:
        ends = await snapshot.ends([self._input, *self._outputs])
        fresh = {tp: end for tp, end in ends.items() if end > self._read.get(tp, 0)}
        arrived = finished = 0
        async for record in snapshot.read(fresh, starts=self._read):
            if record.topic == self._input:
                arrived += 1
            else:
                finished += 1
        # All or nothing: a look that was broken off is made again.
        self._read |= fresh
        self.arrived += arrived
        self.finished += finished
        self.looks += 1
