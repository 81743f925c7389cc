"""Faust's windowed tables, made sound: their rows travel in a source partition's transaction.

What upstream lacks (faust-streaming 0.15.3): a write goes to the changelog at once and outside of
any transaction, so that a worker that lost its partition overwrites the rows of its successor;
recovered windows never expire; expiry writes no tombstones. Here a write goes into an overlay that
only its transaction sees, memory holds committed rows only, rows are restored after the older
producer was fenced, and rows whose time is over move into their hour, then their day, and get
tombstones (streams/books/windows.py). Readers use the tables as Faust users know them:
``table[key].now()``, ``.at(timestamp)``, ``.items()``; hours and days as ``table.sums``. Delete
this when Faust's tables take part in a per-partition transaction.
"""

import asyncio
import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from faust.tables.manager import TableManager
from faust.tables.table import Table
from faust.tables.wrappers import WindowSet, WindowWrapper

from streams.books.changelog import decode_window, encode_key
from streams.books.reading import Reading
from streams.books.windows import Retention, Span, Window

RowKey = tuple[str, tuple[float, float]]
"""A row's key, and the start and end of its window in epoch seconds."""

Overlay = dict[RowKey, Any]
"""Rows of a transaction that is not committed yet; None deletes."""

RESTORED_AT_ONCE = 5_000
"""Rows between two turns of the event loop while a table is restored: some 30 ms. A million in one
go take seconds, in which neither the lease is renewed nor a heartbeat sent."""

MOST_MOVED = 5_000
"""Rows that move in one transaction: a day of them must not block the event loop."""


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

    async def on_start(self) -> None:
        """Upstream sleeps for a second first, until every table is there: ours are from the start.

        In that second a worker that was restarted would not even ask to be let into its group.
        """
        await self._update_channels()
        await self.recovery.start()

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

    @property
    def sums(self) -> Reading[Any]:
        """Sums over hours, days and the last minutes."""
        return Reading(self.table.data.data, self.table.default(), self.table.plus)


class BookTable(Table):  # type: ignore[misc]
    """A windowed table whose rows belong to source partitions: the row key begins ``partition|``.

    ``decode`` reads a changelog value, ``encode`` writes one, ``plus`` adds two rows.
    """

    WindowWrapper = BookWrapper

    def __init__(
        self,
        *args: Any,
        encode: Callable[[Any], bytes],
        decode: Callable[[bytes], Any],
        plus: Callable[[Any, Any], Any],
        retention: Retention,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._encode_row = encode
        self._decode_row = decode
        self.plus = plus
        # Many rows have the same window, and each is asked about when it changes.
        self._due_at: Callable[[Span], float] = lru_cache(maxsize=20_000)(
            lambda span: retention.due(Window.of(span))
        )
        # partition -> when rows move on -> their keys: what is readable, and what moves next
        self._by_due: dict[int, dict[float, set[RowKey]]] = {}
        # partition -> heap of these times, looked at in every commit; some of them may be gone
        self._next_due: dict[int, list[float]] = {}

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
        """Stock expiry frees memory only and writes no tombstones: ours is ``move_on``."""

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

    def keys_of(self, partition: int) -> Iterator[RowKey]:
        """The keys of a partition's rows, in windows of every size."""
        for keys in self._by_due.get(partition, {}).values():
            yield from keys

    def windows(self) -> Iterator[set[RowKey]]:
        """The rows' keys, those that move on together at once."""
        for keys in self._by_due.values():
            yield from keys.values()

    # The transaction of a partition

    def add_to(self, overlay: Overlay, key: str, at: float, row: Any) -> None:
        """Add ``row`` to that of ``key`` in the window that holds ``at``, in ``overlay``."""
        self._add(overlay, (key, self.window.current(at)), row)

    def _add(self, overlay: Overlay, row_key: RowKey, row: Any) -> None:
        old = overlay[row_key] if row_key in overlay else self.data.data.get(row_key)
        overlay[row_key] = row if old is None else self.plus(old, row)

    def has_due(self, partition: int, now: float) -> bool:
        """Whether a row must move on, or be deleted, at ``now`` (epoch seconds)."""
        due, heap = self._by_due.get(partition, {}), self._next_due.get(partition, [])
        while heap and heap[0] not in due:
            heapq.heappop(heap)
        return bool(heap) and heap[0] <= now

    def move_on(self, overlay: Overlay, partition: int, now: float) -> None:
        """In ``overlay``, move rows whose time is over into the next larger window, at most
        MOST_MOVED of them; a day is deleted. What this transaction adds to stays for the next one.
        """
        if not self.has_due(partition, now):
            return
        # Small windows first: a day that gains something is not deleted with it.
        for row_key in sorted(self._due(partition, now), key=lambda due: Window.of(due[1]).size):
            if row_key not in overlay:
                self._move(overlay, row_key)

    def _due(self, partition: int, now: float) -> list[RowKey]:
        found: list[RowKey] = []
        by_due = self._by_due[partition]
        for due in sorted(by_due):
            if due > now or len(found) >= MOST_MOVED:
                break
            found.extend(by_due[due])
        return found[:MOST_MOVED]

    def _move(self, overlay: Overlay, row_key: RowKey) -> None:
        key, span = row_key
        larger = Window.of(span).larger
        if larger is not None:
            # Before the tombstone: whoever reads between the two counts too much, never too little.
            self._add(overlay, (key, larger.span), self.data.data[row_key])
        overlay[row_key] = None

    def records(self, overlay: Overlay) -> Iterator[tuple[bytes, bytes | None]]:
        """The changelog's keys and values of an overlay."""
        for (key, (start, end)), row in overlay.items():
            yield encode_key(key, start, end), None if row is None else self._encode_row(row)

    def apply(self, partition: int, overlay: Overlay) -> None:
        """The overlay's transaction is committed: its rows become readable."""
        if partition in self._by_due:
            self._put(partition, overlay.items())

    def open(self, partition: int, changelog: Mapping[bytes, bytes | None]) -> None:
        """Show the rows of ``partition``, as its changelog has them (last value by key)."""
        self.drop(partition)
        self._by_due[partition], self._next_due[partition] = {}, []
        self._put(partition, self._rows(changelog.items()))

    async def restore(self, partition: int, changelog: Mapping[bytes, bytes | None]) -> None:
        """As :meth:`open`, but the event loop has its turns meanwhile. Cut short, some of the rows
        are there: :meth:`drop` them."""
        self.open(partition, {})
        left = iter(changelog.items())
        while some := list(islice(left, RESTORED_AT_ONCE)):
            self._put(partition, self._rows(some))
            if len(some) == RESTORED_AT_ONCE:
                await asyncio.sleep(0)

    def _rows(self, raw: Iterable[tuple[bytes, bytes | None]]) -> Iterator[tuple[RowKey, Any]]:
        return ((decode_window(key), self._decode_row(row)) for key, row in raw if row is not None)

    def drop(self, partition: int) -> None:
        """Forget the rows of a partition that is no longer ours."""
        self._next_due.pop(partition, None)
        for keys in self._by_due.pop(partition, {}).values():
            for key in keys:
                self.data.data.pop(key, None)

    def _put(self, partition: int, rows: Iterable[tuple[RowKey, Any]]) -> None:
        by_due, data = self._by_due[partition], self.data.data
        for row_key, row in rows:
            due = self._due_at(row_key[1])
            if row is not None:
                data[row_key] = row
                if due not in by_due:
                    by_due[due] = set()
                    heapq.heappush(self._next_due[partition], due)
                by_due[due].add(row_key)
            elif due in by_due:
                data.pop(row_key, None)
                by_due[due].discard(row_key)
                if not by_due[due]:
                    del by_due[due]
