"""Who is classified next: call slots take waiting tickets, partition by partition in turn."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from streams.delivery.partition import SourcePartition, Uncommitted
from streams.delivery.work import Work

log = logging.getLogger(__name__)

Run = Callable[[SourcePartition, Work], Awaitable[None]]


class Dispatcher:
    """At most ``slots`` tickets are with ``run`` at a time. A free slot takes what waits, at once.

    While more than ``slots`` paid calls are not committed, none begins: what Kafka cannot take is
    not bought, and a crash costs at most twice ``slots`` calls.

    Shared calls come in here: a slot then takes several tickets of the partition whose turn it is.
    ``fail`` is told when ``run`` raises, which it never should.
    """

    def __init__(
        self,
        slots: int,
        run: Run,
        uncommitted: Uncommitted,
        fail: Callable[[str], object] = log.critical,
    ) -> None:
        self._slots = slots
        self._uncommitted = uncommitted
        self._run = run
        self._fail = fail
        self._in_turn: deque[SourcePartition] = deque()
        self._taken = 0

    @property
    def busy(self) -> int:
        """Slots in use."""
        return self._taken

    def submit(self, partition: SourcePartition, work: Work) -> None:
        """``work`` waits for a slot."""
        if not partition.waiting:
            self._in_turn.append(partition)
        partition.waiting.append(work)
        self.fill()

    def clear(self) -> None:
        """Forget everything that waits: the partitions are given up."""
        for partition in self._in_turn:
            partition.waiting.clear()
        self._in_turn.clear()

    def fill(self) -> None:
        """Begin what may begin. Called when a ticket comes, a slot is free, or a commit is done."""
        while (
            self._in_turn and self._taken < self._slots and self._uncommitted.calls <= self._slots
        ):
            partition = self._in_turn.popleft()
            work = partition.waiting.popleft()
            if partition.waiting:
                self._in_turn.append(partition)
            self._taken += 1
            task = asyncio.ensure_future(self._run(partition, work))
            partition.calls.add(task)
            task.add_done_callback(partition.calls.discard)
            task.add_done_callback(self._free)

    def _free(self, task: asyncio.Future[None]) -> None:
        self._taken -= 1
        if not task.cancelled() and (error := task.exception()) is not None:
            # A bug: without a result its event would block the partition, and nobody would know.
            self._fail(f"a ticket was left without a result: {type(error).__name__}")
            log.debug("where it happened", exc_info=error)
        self.fill()
