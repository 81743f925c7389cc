"""The ack window: the offsets of a partition in hand, and how far it may be committed."""

from collections import deque
from collections.abc import Collection


class AckWindow:
    """Offsets in the order they were read. Gaps between them (compaction, markers) are fine."""

    def __init__(self) -> None:
        self._offsets: deque[int] = deque()
        self._last = -1
        self._finished: set[int] = set()

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, offset: int) -> None:
        """Take ``offset`` in hand. Raises ValueError unless it is above all before it."""
        if offset <= self._last:
            raise ValueError(f"offset {offset} after {self._last}")
        self._offsets.append(offset)
        self._last = offset

    def committable(self, finishing: Collection[int]) -> int | None:
        """The offset to commit in the transaction that finishes ``finishing``: one above the last
        of the unbroken run from the oldest; None where the oldest is not finished by then.
        """
        last = None
        for offset in self._offsets:
            if offset not in self._finished and offset not in finishing:
                break
            last = offset
        return None if last is None else last + 1

    def finish(self, offsets: Collection[int]) -> None:
        """The transaction that carries ``offsets`` is committed: only now are they finished."""
        self._finished.update(offsets)
        while self._offsets and self._offsets[0] in self._finished:
            self._finished.discard(self._offsets.popleft())
