"""Ordered release: tickets of a key are classified at the same time, but leave in order."""

from collections import deque


class KeyOrder:
    """Offsets of one partition by key. Those without a key, or with the order off, never wait."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._waiting: dict[bytes, deque[int]] = {}
        self._known: set[int] = set()

    def add(self, key: bytes | None, offset: int) -> None:
        """``offset`` came next for ``key``."""
        if self._enabled and key is not None:
            self._waiting.setdefault(key, deque()).append(offset)

    def done(self, key: bytes | None, offset: int) -> list[int]:
        """The result of ``offset`` is known: the offsets that may leave now, in their order."""
        if not self._enabled or key is None:
            return [offset]
        line = self._waiting[key]
        self._known.add(offset)
        free = []
        while line and line[0] in self._known:
            free.append(line.popleft())
            self._known.discard(free[-1])
        if not line:
            del self._waiting[key]
        return free
