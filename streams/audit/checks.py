"""All promises, checked on plain data: what was read from the topics, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.audit.account import Account, Totals
from streams.audit.books import Books, RowKey
from streams.audit.ledger import Ledger
from streams.audit.pricing import Pricing
from streams.audit.records import Called, DoneRow, Finished, Item, SkippedRow, SourceKey
from streams.audit.report import Culprits, Report
from streams.audit.settling import Settling
from streams.audit.tables import Recomputed, deltas
from streams.claude.prices import PriceList, price_list
from streams.events.sources import Sources


@dataclass(slots=True)
class Evidence:
    """Everything the checks need. Filled in two steps: ``take`` what is judged, then ``move``.

    A transaction may end while the topics are read, so that one of its records is below the end
    that was read to and another is not. Whoever fills this reads on to what was written by then,
    and gives the rest to ``move``: tickets and rows that appear there are not judged.
    """

    sources: Sources
    """The input topics' partitions."""
    window_seconds: int
    committed: Mapping[int, int]
    """The group's committed offset by source number."""
    rows_since: float = 0.0
    """Rows of windows that began earlier (epoch seconds) are not judged: they may be gone."""
    horizon: int = 0
    """Tickets stamped earlier (epoch milliseconds) are not judged: their records may be gone."""
    prices: PriceList = field(default_factory=price_list)
    calls_complete: bool = True
    """Whether the calls topic still has its first record."""
    books: Books = field(default_factory=Books)
    moving_sources: set[SourceKey] = field(default_factory=set)
    moving_rows: set[RowKey] = field(default_factory=set)
    unreadable: Culprits = field(default_factory=Culprits)
    others: int = 0
    """Records of other installations in topics that they share with this one."""
    ledger: Ledger = field(init=False)
    tables: Recomputed = field(init=False)
    totals: Totals = field(default_factory=Totals)
    pricing: Pricing = field(init=False)
    settling: Settling = field(default_factory=Settling)
    categories: set[str] = field(default_factory=set)
    """Those that calls answered."""
    _call_ids: set[int] = field(default_factory=set)
    """Hashes: the ids themselves would take twice the memory."""
    _same_id: Culprits = field(default_factory=Culprits)
    _unbalanced: Culprits = field(default_factory=Culprits)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.sources, self.horizon)
        self.tables = Recomputed(self.window_seconds)
        self.pricing = Pricing(self.prices)

    def forget_before(self, horizon: int) -> None:
        """Judge no ticket and no row that is older (epoch milliseconds). Before any ``arrived``."""
        self.horizon = self.ledger.horizon = max(self.horizon, horizon)
        self.rows_since = max(self.rows_since, self.horizon / 1000)

    def take(self, item: Item) -> None:
        """A record that is judged. The input topic's go to ``ledger`` before, rows to ``books``."""
        match item:
            case Finished():
                self.ledger.finished(item)
                self.tables.add(item)
            case SkippedRow():
                self.ledger.skipped(item)
            case DoneRow():
                self.ledger.done(item)
            case Called():
                self._call(item)
                self.pricing.add(item)
                self.settling.add(item)
                self.ledger.called(item)
                self.tables.add(item)

    def move(self, item: Item) -> None:
        """A record that came later."""
        if isinstance(item, Called):
            partition = item.call.number
            self.moving_sources |= {SourceKey(partition, s.source_offset) for s in item.call.shares}
        elif isinstance(item, SkippedRow):
            places = (SourceKey(item.source_partition, n) for r in item.offsets for n in r)
            self.moving_sources.update(places)
        else:
            self.moving_sources.add(item.source)
        if not isinstance(item, DoneRow | SkippedRow):
            self.moving_rows |= {self.tables.row(delta) for delta in deltas(item)}

    def report(self, account: Mapping[str, Any] | None = None, *, strict: bool = False) -> Report:
        """The verdicts. ``account`` is the API's own count, as the stand-in gives it."""
        calls = self.totals.records
        checks = [
            *self.ledger.checks(self.committed, self.moving_sources, self.calls_complete),
            self._unbalanced.check(
                "calls", "each call is the sum of its shares", calls, calls - self._unbalanced.count
            ),
            self._same_id.check("call_ids", "each call is there once", calls, len(self._call_ids)),
            self.pricing.check(),
            self.settling.check(complete=self.calls_complete),
            *self.tables.checks(self.books, self.moving_rows, self.rows_since),
            self.unreadable.check("readable", "every record can be read", 0, self.unreadable.count),
        ]
        notes, unaccounted = [], None
        if account is not None and self.calls_complete:
            api = Account.of(account)
            checks += api.checks(self.totals, strict=strict, same=self.prices.model)
            unaccounted = api.unaccounted(self.totals)
        elif account is not None:
            notes.append("the oldest calls are gone by retention: not compared with the API")
        if self.horizon:
            notes.append("the oldest records are gone by retention: their tickets were not judged")
        moving = len(self.moving_sources) + len(self.moving_rows)
        return Report(
            tuple(checks),
            tickets=self.ledger.arrivals,
            skipped=self.ledger.skips,
            unfinished=self.ledger.unfinished(self.committed),
            moving=moving,
            unaccounted=unaccounted,
            notes=tuple(notes),
            others=self.others,
        )

    def _call(self, item: Called) -> None:
        call = item.call
        self.totals.add(call)
        if hash(call.call_id) in self._call_ids:
            self._same_id.add(f"{item.place}: {call.call_id} again")
        self._call_ids.add(hash(call.call_id))
        self.categories.update(share.category for share in call.shares)
        written = call.cache_write_5m_tokens + call.cache_write_1h_tokens
        whole = (
            call.cost_picodollars,
            call.input_tokens + written + call.cache_read_tokens,
            call.output_tokens,
        )
        shares = [(s.cost_picodollars, s.input_tokens, s.output_tokens) for s in call.shares]
        parts = tuple(map(sum, zip((0, 0, 0), *shares, strict=True)))
        if parts != whole:
            self._unbalanced.add(
                f"{item.place}: shares of {parts[0]} pico-dollars, {parts[1]} input and "
                f"{parts[2]} output tokens instead of {whole[0]}, {whole[1]} and {whole[2]}"
            )
