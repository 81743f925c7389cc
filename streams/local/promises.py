"""Pure: what becomes of the promises while records come in, for the demo's panel.

The live numbers are sound at every moment and cost nothing to have: a record that is there twice
stays so, and a ticket below the committed offset without a record is lost, however much is still
on its way. Whether the books are *complete* can only be said at rest: then every check of
``verify`` is made.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, Literal

from aiokafka import ConsumerRecord

from streams.audit.account import Account
from streams.audit.checks import Evidence
from streams.audit.fates import Mark
from streams.audit.owner import run_of
from streams.audit.records import (
    Finished,
    NotOursError,
    SkippedRow,
    SourceKey,
    UnreadableError,
    read_item,
)
from streams.audit.snapshot import place
from streams.audit.verify import feed
from streams.events.topics import Topics

State = Literal["starting", "settling", "holds", "broken"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said now. Money in pico-dollars."""

    state: State
    tickets: int = 0
    in_flight: int = 0
    """Tickets that are in the input topic and, for a reader of committed records, nowhere else."""
    lost: int = 0
    duplicates: int = 0
    paid_twice: int = 0
    """Tickets that a tier gave a second usable answer, though the first was committed."""
    books: int = 0
    unsettled: int = 0
    """The most that calls can have cost that a crash cut off: asked, and never heard of."""
    api: int = 0
    """What the API charged, by its own account."""
    broken: tuple[str, ...] = ()
    """Promises that do not hold, and the first record that says so."""
    checks: int = 0
    """Checks of ``verify`` that were made; 0 while something moves."""

    @property
    def finished(self) -> int:
        """Tickets that are out."""
        return self.tickets - self.in_flight - self.lost

    @property
    def at_rest(self) -> bool:
        """Whether every check was made, as nothing moves."""
        return self.checks > 0

    @property
    def difference(self) -> int:
        """What the API charged and the books do not have."""
        return self.api - self.books

    def as_json(self) -> dict[str, Any]:
        """Money as decimal text: a browser's numbers are exact only up to 2**53."""
        money = {name: str(getattr(self, name)) for name in ("books", "unsettled", "api")}
        return {**asdict(self), **money, "difference": str(self.difference)}


class Promises:
    """Takes every record of the topics once, in the order of its partition."""

    def __init__(self, topics: Topics, evidence: Evidence) -> None:
        self._topics = topics
        self._evidence = evidence
        # Tickets that came and are not out; and those that are out and whose event was not read.
        self._waiting: set[SourceKey] = set()
        self._early: set[SourceKey] = set()

    def take(self, records: list[ConsumerRecord]) -> None:
        """What was read. The input's events first: the checks compare what follows with them."""
        for record in records:
            if record.topic == self._topics.input:
                self._arrived(record)
        for record in records:
            if record.topic != self._topics.input:
                self._out(record)

    @property
    def waiting(self) -> int:
        """Tickets in flight."""
        return len(self._waiting)

    def judge(
        self, committed: Mapping[int, int], account: Mapping[str, Any], *, at_rest: bool
    ) -> Verdict:
        """``committed`` (offsets by partition) was read before the records, ``account`` after.

        ``at_rest`` says that no topic grew meanwhile and the API has no call in hand.
        """
        evidence, ledger = self._evidence, self._evidence.ledger
        evidence.committed = committed
        lost = sum(source.offset < committed.get(source.partition, 0) for source in self._waiting)
        complete = at_rest and lost == len(self._waiting)
        if complete:
            checks = evidence.report(account, strict=True).checks
        else:
            checks = (
                ledger.twice.check("duplicates", "no ticket is out twice", 0, 0),
                ledger.answers.check("answers", "no tier answers a ticket twice", 0, 0),
                evidence.unreadable.check("readable", "every record can be read", 0, 0),
                *Account.of(account).checks(
                    evidence.totals, strict=False, same=evidence.prices.model
                ),
            )
        broken = [f"{c.promise}: {', '.join(c.culprits[:1])}" for c in checks if not c.ok]
        if lost and not complete:
            broken.append(f"each ticket below the committed offset is out: {lost} are not")
        return Verdict(
            state="broken" if broken else "holds" if complete else "settling",
            tickets=ledger.arrivals,
            in_flight=len(self._waiting) - lost,
            lost=lost,
            duplicates=ledger.twice.count,
            paid_twice=ledger.answers.count,
            books=evidence.totals.settled,
            unsettled=evidence.totals.unsettled,
            api=Account.of(account).picodollars,
            broken=tuple(broken),
            checks=len(checks) if complete else 0,
        )

    def _arrived(self, record: ConsumerRecord) -> None:
        source = SourceKey(record.partition, record.offset)
        self._evidence.ledger.arrived(source, record.key, record.timestamp)
        if source in self._early:
            self._early.remove(source)
        else:
            self._waiting.add(source)

    def _out(self, record: ConsumerRecord) -> None:
        evidence, topics = self._evidence, self._topics
        if record.topic in (topics.spend, topics.errors):
            feed(record, evidence, topics, moved=False)
            return
        shared = (topics.calls, topics.done, topics.skipped)
        if record.topic not in shared and run_of(record) != topics.run:
            return  # of a replay, which has books of its own
        try:
            item = read_item(record, topics)
        except NotOursError:
            return
        except UnreadableError as error:
            evidence.unreadable.add(f"{place(record)}: {error}")
            return
        evidence.take(item)
        if isinstance(item, Finished):
            self._finished(item.source)
        elif isinstance(item, SkippedRow):
            for offset in chain.from_iterable(item.offsets):
                self._finished(SourceKey(item.source_partition, offset))

    def _finished(self, source: SourceKey) -> None:
        block, row = self._evidence.ledger.fates.at(*source)
        if block.marks[row] & Mark.ARRIVED:
            self._waiting.discard(source)
        else:
            self._early.add(source)
