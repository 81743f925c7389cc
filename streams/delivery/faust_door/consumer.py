"""Faust's consumer: what it hands over, and what it must never do."""

import asyncio
from typing import Any

from faust.transport.drivers.aiokafka import Consumer
from mode.services import WaitResults

from streams.delivery.faust_door.consumer_thread import ConsumerThread

HELD_PAUSE = 0.1
"""Seconds after which is looked again whether a partition that is held back may be read."""


class SafeConsumer(Consumer):  # type: ignore[misc]
    """Commits nothing, and can be waited for until no fetch is under way.

    Upstream seeks after a rebalance while a fetch from before it may still be running; what that
    fetch brings moves the read offset past events that are then never delivered.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._no_fetch = asyncio.Event()
        self._no_fetch.set()

    async def until_no_fetch(self) -> None:
        """Return when no fetch is under way. Call with the flow stopped: none begins then."""
        async with asyncio.timeout(30):
            await self._no_fetch.wait()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _wait_next_records(self, timeout: float) -> Any:
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        self._no_fetch.clear()
        try:
            return await super()._wait_next_records(timeout)
        finally:
            self._no_fetch.set()

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        # A copy: upstream's set may be emptied while the fetch waits, and an empty set means "all".
        wanted = None if active_partitions is None else frozenset(active_partitions)
        # Not by upstream's pause: what was fetched and is not handed over yet would be lost by it.
        held = self.app.held_back()
        if wanted is not None and held:
            wanted = frozenset(tp for tp in wanted if tp not in held)
            timeout = min(timeout, HELD_PAUSE)
            if not wanted:
                await self.sleep(timeout)
                return {}
        fetched = await super()._getmany(wanted, timeout)
        for tp, records in fetched.items():
            if records:
                self.app.coming(tp, records[-1].offset + 1)
        return fetched

    def highwater(self, tp: Any) -> None:
        """Upstream asks for each event, to tell its monitor; ours tells nobody."""

    async def wait_first(self, *coros: Any, timeout: Any = None) -> WaitResults:
        """Upstream puts each event into the agent's queue in a task of its own, beside three more
        that would cut it short while it has to wait: a tenth of all that a ticket took. Where it
        need not wait, it is put there at once."""
        if len(coros) != 2 or not self._takes_at_once():
            return await super().wait_first(*coros, timeout=timeout)
        delivery, suspended = coros
        suspended.close()
        await delivery
        await asyncio.sleep(0)  # the agent's turn
        return WaitResults([], [], stopped=False)

    def _takes_at_once(self) -> bool:
        """Whether events flow, and every queue has room."""
        app = self.app
        return app.flow_control.is_active() and not any(c.queue.full() for c in app.topics)

    async def _commit(self, offsets: Any) -> bool:
        """Offsets are committed in the partition's transaction."""
        del offsets
        return True
