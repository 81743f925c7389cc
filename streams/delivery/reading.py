"""Notices that the source is not read any more although there is something to read.

What upstream lacks: aiokafka 0.14 can wait for ever for metadata when a broker dies at the wrong
moment, and the consumer stands still without an error. Delete this when that is mended.
"""

from collections.abc import Mapping


class ReadingWatch:
    """Compares where the consumer stands with where the partitions end, once in a while."""

    def __init__(self) -> None:
        self._standing: dict[int, tuple[int, float]] = {}

    def look(
        self, positions: Mapping[int, int], ends: Mapping[int, int], *, idle: bool, now: float
    ) -> float:
        """Longest time in seconds that a partition stood still with records ahead of it.

        ``positions`` and ``ends`` are offsets by partition, ``now`` monotonic seconds. While the
        worker is not ``idle`` it may hold the consumer back itself: that is no standstill.
        """
        standing: dict[int, tuple[int, float]] = {}
        for number, position in positions.items():
            if not idle or position >= ends.get(number, 0):
                continue
            before, since = self._standing.get(number, (-1, now))
            standing[number] = (position, since if before == position else now)
        self._standing = standing
        return max((now - since for _, since in standing.values()), default=0.0)
