"""A read_committed reader that holds every transaction to the promises, as it is committed."""

from collections import Counter
from collections.abc import Mapping

from streams.books.changelog import decode_count, decode_key, decode_spend
from streams.books.rows import (
    ErrorDelta,
    SpendDelta,
    SpendRow,
    error,
    errors_of_call,
    spend_of_call,
    spend_of_ticket,
)
from streams.delivery.records import Record
from streams.events import headers
from streams.events.wire import decode_call, decode_done, decode_routed, decode_skipped
from tests.delivery.events import TOPICS
from tests.delivery.own_partition import NUMBER

PARTITION = NUMBER

RowKey = tuple[str, float, int]
"""Key of a table's row, start and size of its window."""

LARGER = {3_600: 86_400, 86_400: None}
"""Where rows move to; those of smaller windows to their hour."""


class Reader:
    """``keys`` of the input topic by offset, as far as it is written; ``window`` in seconds;
    ``kept`` says how many seconds a row stays, by the size of its window."""

    def __init__(
        self, keys: Mapping[int, bytes | None], window: int, kept: Mapping[int, int]
    ) -> None:
        self._kept = kept
        self._keys = keys
        self._window = window
        self.committed = 0
        self.out: dict[int, int] = {}
        """What each ticket that is out cost, as its record says."""
        self.durable: set[int] = set()
        """Tickets with a committed result: out, or held for their key."""
        self.calls: set[str] = set()
        self.settled = 0
        self.unsettled = 0
        self._closed: set[str] = set()
        self.paid: Counter[int] = Counter()
        """What the recorded calls for each ticket cost."""
        self.spend: dict[RowKey, SpendRow] = {}
        self.errors: dict[RowKey, int] = {}
        self._due_spend: dict[RowKey, SpendRow] = {}
        self._due_errors: Counter[RowKey] = Counter()
        self._last: dict[tuple[str, int, bytes], int] = {}
        self._released: set[int] = set()
        self.skipped: set[int] = set()
        """Finished without a result."""

    def take(self, records: list[Record], offset: int | None, now: float) -> None:
        """One transaction: all of it is seen, or none. Raises AssertionError."""
        for record in records:
            self._record(record, now)
        self.committed = self.committed if offset is None else offset
        lost = [o for o in self._keys if o < self.committed and o not in self.out]
        assert not lost, f"{lost} are below the committed offset and not out"
        assert set(self.out) == self._released, "out and done rows differ"
        wrong = {o: cost for o, cost in self.out.items() if cost != self.paid[o]}
        assert not wrong, f"costs {wrong} are not those of the calls {self.paid}"
        assert self._closed == self.calls, "an intent is closed with its call, and with it only"
        assert self.spend == self._due_spend, "spend is not the sum of calls and tickets"
        assert self.errors == self._due_errors, "errors are not the sum of calls and letters"

    def _record(self, record: Record, now: float) -> None:
        topics = TOPICS
        if record.topic == topics.done:
            self._done(record)
        elif record.topic == topics.calls:
            self._call(record)
        elif record.topic == topics.intents:
            assert record.key is not None
            assert record.value is None
            self._closed.add(record.key.decode())
        elif record.topic in (topics.spend, topics.errors):
            self._row(record, now)
        elif record.topic == topics.skipped:
            self._skipped(record)
        elif record.topic == topics.dead_letter:
            found = {name: (value or b"").decode() for name, value in record.headers}
            offset = int(found[headers.SOURCE_OFFSET])
            at, kind = int(found[headers.AT]), found[headers.ERROR_TYPE]
            self._add_error(error(PARTITION, found[headers.STAGE], kind, at))  # type: ignore[arg-type]
            self._leaves(offset, int(found[headers.COST]), record)
        else:
            assert record.value is not None
            routed = decode_routed(record.value)
            assert record.topic == topics.categories[routed.classification.category]
            assert routed.ticket.id == str(routed.source.offset)
            self._add_spend(spend_of_ticket(PARTITION, routed.classification))
            self._leaves(routed.source.offset, routed.classification.cost_picodollars, record)

    def _skipped(self, record: Record) -> None:
        assert record.value is not None
        assert record.partition == PARTITION
        for run in decode_skipped(record.value).runs:
            for offset in range(run.first_offset, run.last_offset + 1):
                assert offset in self._keys, f"{offset} is skipped, and there is no such event"
                assert offset not in self.out, f"{offset} is out twice"
                self.out[offset] = 0
                self.skipped.add(offset)

    def _leaves(self, offset: int, cost: int, record: Record) -> None:
        assert offset not in self.out, f"{offset} is out twice"
        assert self._keys[offset] == record.key
        self.out[offset] = cost
        self.durable.add(offset)
        if record.key is not None:
            line = (record.topic, record.partition, record.key)
            assert self._last.get(line, -1) < offset, f"{offset} comes after {self._last[line]}"
            self._last[line] = offset

    def _done(self, record: Record) -> None:
        assert record.value is not None
        assert record.partition == PARTITION
        done = decode_done(record.value)
        offset = done.source_offset
        assert offset not in self._released, f"{offset} is done already"
        if done.released:
            self._released.add(offset)
        elif not done.ask_again:
            assert offset not in self.durable, f"{offset} is held twice"
            self.durable.add(offset)

    def _call(self, record: Record) -> None:
        assert record.value is not None
        call = decode_call(record.value)
        assert call.call_id not in self.calls, f"{call.call_id} is recorded twice"
        self.calls.add(call.call_id)
        self.settled += call.cost_picodollars
        self.unsettled += call.unsettled_picodollars
        for share in call.shares:
            self.paid[share.source_offset] += share.cost_picodollars
        for spent in spend_of_call(call):
            self._add_spend(spent)
        for fault in errors_of_call(call):
            self._add_error(fault)

    # The tables: what is due, and what the changelogs say

    def _at(self, delta: SpendDelta | ErrorDelta) -> RowKey:
        return delta.key, delta.at // self._window * self._window, self._window

    def _add_spend(self, delta: SpendDelta) -> None:
        row = self._due_spend.get(self._at(delta), SpendRow())
        self._due_spend[self._at(delta)] = row.plus(delta.row)

    def _add_error(self, delta: ErrorDelta) -> None:
        self._due_errors[self._at(delta)] += 1

    def _row(self, record: Record, now: float) -> None:
        assert record.key is not None
        assert record.partition == PARTITION
        key, start, end = decode_key(record.key)
        row = key, start, round(end - start)
        if record.value is None:
            self._moves(row, now)
            self.spend.pop(row, None)
            self.errors.pop(row, None)
        elif record.topic == TOPICS.spend:
            self.spend[row] = decode_spend(record.value)
        else:
            self.errors[row] = decode_count(record.value)

    def _moves(self, row: RowKey, now: float) -> None:
        """It is deleted: what is due there is due in the larger window from here on."""
        key, start, size = row
        assert start + size + self._kept[size] <= now, "a row leaves before its time"
        if (larger := LARGER.get(size, 3_600)) is not None:
            target = key, start // larger * larger, larger
            if row in self._due_spend:
                due = self._due_spend.get(target, SpendRow())
                self._due_spend[target] = due.plus(self._due_spend[row])
            if row in self._due_errors:
                self._due_errors[target] += self._due_errors[row]
        self._due_spend.pop(row, None)
        self._due_errors.pop(row, None)
