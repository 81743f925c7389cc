"""How many events were skipped, and when: they stand in no table, as they cost nothing."""

from collections import Counter

from aiokafka import TopicPartition

from streams.audit.snapshot import Snapshot
from streams.events.wire import UndecodableEvent, decode_skipped

MINUTE = 60


class Skips:
    """Counts by the minute of their transaction; reads on from where it was."""

    def __init__(self) -> None:
        self._by_minute: Counter[int] = Counter()
        self._next: dict[TopicPartition, int] = {}

    def take(self, value: bytes | None) -> None:
        """The value of a record of the skipped topic. What cannot be read is left to ``verify``."""
        try:
            found = decode_skipped(value or b"")
        except UndecodableEvent:
            return
        minute = found.skipped_at // 1000 // MINUTE * MINUTE
        self._by_minute[minute] += sum(run.last_offset - run.first_offset + 1 for run in found.runs)

    def within(self, since: float, until: float = float("inf")) -> int:
        """Events skipped in the minutes that begin from ``since`` to before ``until`` (epoch
        seconds)."""
        return sum(n for minute, n in self._by_minute.items() if since <= minute < until)

    async def read_on(self, snapshot: Snapshot, topic: str, since: float) -> None:
        """Everything since the last time; the first time, from ``since`` (epoch seconds) on.

        Where nothing was ever skipped there is no such topic, and nothing is read.
        """
        if topic not in await snapshot.topics():
            return
        ends = await snapshot.ends([topic])
        starts = self._next or await snapshot.places(ends, round(since * 1000))
        async for record in snapshot.read(ends, starts):
            self.take(record.value)
        self._next = ends


async def read_skips(snapshot: Snapshot, topic: str, since: float) -> Skips:
    """Those of ``topic`` since then (epoch seconds)."""
    skips = Skips()
    await skips.read_on(snapshot, topic, since)
    return skips
