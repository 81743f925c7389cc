"""Faust's windowed tables, made sound: their rows travel in a source partition's transaction.

What upstream lacks (faust-streaming 0.15.3): a write goes to the changelog at once and outside of
any transaction, so that a worker that lost its partition overwrites the rows of its successor;
recovered windows never expire; expiry writes no tombstones. Here a write goes into an overlay that
only its transaction sees, memory holds committed rows only, rows are restored after the older
producer was fenced, and expired windows get tombstones. Readers use the tables as Faust users know
them: ``table[key].now()``, ``.at(timestamp)``, ``.items()``. Delete this when Faust's tables take
part in a per-partition transaction.
"""

import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from faust.tables.manager import TableManager
from faust.tables.table import Table
from faust.tables.wrappers import WindowSet, WindowWrapper

from streams.books.changelog import decode_window, encode_key

RowKey = tuple[str, tuple[float, float]]
"""A row's key, and the start and end of its window in epoch seconds."""

Overlay = dict[RowKey, Any]
"""Rows of a transaction that is not committed yet; None deletes."""

MOST_TOMBSTONES = 5_000
"""In one transaction: an expired day must not block the event loop."""


class BookManager(TableManager):  # type: ignore[misc]
    """Knows the tables, but neither subscribes nor recovers their changelogs.

    Faust's recovery then takes its way for an app without tables, which only resumes the streams.
    """

    def add(self, table: Any) -> Any:
        """Register ``table`` without its changelog."""
        super().add(table)
        del self._changelogs[table.changelog_topic.get_topic_name()]
        self._channels[table] = None
        return table

    def __bool__(self) -> bool:
        return False


class BookWindowSet(WindowSet):  # type: ignore[misc]
    """The windows of one key."""

    def at(self, timestamp: float) -> Any:
        """The row of the window that holds ``timestamp`` (epoch seconds)."""
        return self.table.row(self.key, timestamp)


class BookWrapper(WindowWrapper):  # type: ignore[misc]
    """What ``table.tumbling(...)`` gives."""

    ValueType = BookWindowSet

    def _keys(self) -> Iterator[str]:
        """Keys of all rows, from the expiry index: stock Faust needs a second table for this."""
        return iter({key for keys in self.table.windows() for key, _ in keys})

    def __len__(self) -> int:
        return sum(1 for _ in self._keys())


class BookTable(Table):  # type: ignore[misc]
    """A windowed table whose rows belong to source partitions: the row key begins ``partition|``.

    ``decode`` reads a changelog value, ``encode`` writes one.
    """

    WindowWrapper = BookWrapper

    def __init__(
        self,
        *args: Any,
        encode: Callable[[Any], bytes],
        decode: Callable[[bytes], Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._encode_row = encode
        self._decode_row = decode
        # partition -> window end -> keys of its rows: what is readable, and what expires next
        self._by_end: dict[int, dict[float, set[RowKey]]] = {}
        # partition -> heap of these ends, looked at in every commit; it may name ends that are gone
        self._next_end: dict[int, list[float]] = {}

    # What Faust calls

    def _new_changelog_topic(self, **kwargs: Any) -> Any:
        # Stock retention deletes open windows: compaction only, tombstones are ours.
        return super()._new_changelog_topic(
            **{**kwargs, "retention": 0, "compacting": True, "deleting": False}
        )

    def _relative_now(self, event: Any = None) -> float:
        """``.now()`` is the clock's; inside an agent stock Faust takes the newest window seen."""
        del event
        return time.time()

    async def _del_old_keys(self) -> None:
        """Stock expiry frees memory only and writes no tombstones: ours is ``expired``."""

    async def on_rebalance(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: partitions are opened and dropped by their transactions' owner."""

    # Every write of Faust's interface (also update, pop, clear) asks one of these first.

    def on_key_set(self, key: Any, value: Any) -> None:
        """Raises RuntimeError."""
        del key, value
        self.on_clear()

    def on_key_del(self, key: Any) -> None:
        """Raises RuntimeError."""
        del key
        self.on_clear()

    def on_clear(self) -> None:
        """Raises RuntimeError."""
        raise RuntimeError(f"{self.name} is written only by the transaction of a partition")

    # Reading

    def row(self, key: str, timestamp: float) -> Any:
        """The committed row of ``key`` in the window that holds ``timestamp``, or the default."""
        value = self.data.data.get((key, self.window.current(timestamp)))
        return self.default() if value is None else value

    def windows(self) -> Iterator[set[RowKey]]:
        """The rows' keys, window by window."""
        for ends in self._by_end.values():
            yield from ends.values()

    # The transaction of a partition

    def add_to(self, overlay: Overlay, key: str, at: float, plus: Callable[[Any], Any]) -> None:
        """Apply ``plus`` to the row of ``key`` in the window that holds ``at``, in ``overlay``."""
        row_key = (key, self.window.current(at))
        old = overlay[row_key] if row_key in overlay else self.data.data.get(row_key)
        overlay[row_key] = plus(self.default() if old is None else old)

    def expired(self, partition: int, now: float) -> list[RowKey]:
        """Rows whose window is older than the table's retention, at most MOST_TOMBSTONES."""
        out: list[RowKey] = []
        ends, heap = self._by_end.get(partition, {}), self._next_end.get(partition, [])
        while heap and heap[0] not in ends:
            heapq.heappop(heap)
        if heap and self.window.stale(heap[0], now):
            for end in sorted(ends):
                if not self.window.stale(end, now) or len(out) >= MOST_TOMBSTONES:
                    break
                out.extend(ends[end])
        return out[:MOST_TOMBSTONES]

    def records(self, overlay: Overlay) -> Iterator[tuple[bytes, bytes | None]]:
        """The changelog's keys and values of an overlay."""
        for (key, (start, end)), row in overlay.items():
            yield encode_key(key, start, end), None if row is None else self._encode_row(row)

    def apply(self, partition: int, overlay: Overlay) -> None:
        """The overlay's transaction is committed: its rows become readable."""
        if partition in self._by_end:
            self._put(partition, overlay.items())

    def open(self, partition: int, changelog: Mapping[bytes, bytes | None]) -> None:
        """Show the rows of ``partition``, as its changelog has them (last value by key)."""
        self.drop(partition)
        self._by_end[partition], self._next_end[partition] = {}, []
        rows: dict[RowKey, Any] = {}
        for raw_key, raw in changelog.items():
            if raw is not None:
                rows[decode_window(raw_key)] = self._decode_row(raw)
        self._put(partition, rows.items())

    def drop(self, partition: int) -> None:
        """Forget the rows of a partition that is no longer ours."""
        self._next_end.pop(partition, None)
        for keys in self._by_end.pop(partition, {}).values():
            for key in keys:
                self.data.data.pop(key, None)

    def _put(self, partition: int, rows: Iterable[tuple[RowKey, Any]]) -> None:
        ends = self._by_end[partition]
        for row_key, row in rows:
            end = row_key[1][1]
            if row is not None:
                self.data.data[row_key] = row
                if end not in ends:
                    ends[end] = set()
                    heapq.heappush(self._next_end[partition], end)
                ends[end].add(row_key)
            elif end in ends:
                self.data.data.pop(row_key, None)
                ends[end].discard(row_key)
                if not ends[end]:
                    del ends[end]
