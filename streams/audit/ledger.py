"""What became of every ticket: the promises about tickets, checked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from streams.audit.fates import Fate, Fates, Mark
from streams.audit.records import Called, DoneRow, Finished, SkippedRow, SourceKey
from streams.audit.report import Check, Culprits
from streams.events.model import CLOSING, UNPRICED, CallRecord
from streams.events.sources import Sources

SURE = {"first": Mark.SURE_FIRST, "escalation": Mark.SURE_SECOND}
TIERS = {
    "first": Mark.BY_CALL,
    "escalation": Mark.BY_CALL | Mark.BY_SECOND,
    "cache": Mark.FREE,
    "none": Mark.FREE,
}
READABLE = ("ok", "incomplete", UNPRICED)
"""Outcomes of calls that gave at least one usable answer."""


@dataclass(slots=True)
class Ledger:
    """Takes the tickets first, then what became of them, in any order but that of their calls.

    A ticket older than ``horizon`` (epoch milliseconds) may have lost its record to retention: it
    is not judged.
    """

    sources: Sources
    horizon: int = 0
    fates: Fates = field(default_factory=Fates)
    arrivals: int = 0
    twice: Culprits = field(default_factory=Culprits)
    keys: Culprits = field(default_factory=Culprits)
    misplaced: Culprits = field(default_factory=Culprits)
    answers: Culprits = field(default_factory=Culprits)
    done_twice: Culprits = field(default_factory=Culprits)

    def arrived(self, source: SourceKey, key: bytes | None, timestamp: int) -> None:
        """An event of the input topic, stamped with epoch milliseconds."""
        block, row = self.fates.at(*source)
        self.arrivals += 1
        block.key[row] = hash(key)
        block.marks[row] |= Mark.ARRIVED if timestamp >= self.horizon else _TOO_OLD

    def finished(self, record: Finished) -> None:
        """Its record in a category topic or the dead-letter topic."""
        block, row = self.fates.at(*record.source)
        block.record[row] += 1
        if block.record[row] > 1:
            self.twice.add(f"{self._name(record.source)}: again at {record.place}")
            return
        if block.marks[row] & Mark.ARRIVED and block.key[row] != hash(record.key):
            self.keys.add(f"{record.place}: not the key of {self._name(record.source)}")
        if not record.right_topic:
            self.misplaced.add(record.place)
        block.money[row] -= record.cost
        block.marks[row] |= TIERS.get(record.tier or "", 0)
        block.told[row] = hash(record.call_id)
        if record.tokens is None:
            block.marks[row] |= Mark.NO_TOKENS
        else:
            block.input[row] -= record.tokens[0]
            block.output[row] -= record.tokens[1]

    def skipped(self, row: SkippedRow) -> None:
        """Its record is the row that it shares with others: it is finished, and cost nothing."""
        for offsets in row.offsets:
            for offset in offsets:
                source = SourceKey(row.source_partition, offset)
                block, at = self.fates.at(*source)
                block.record[at] += 1
                block.marks[at] |= Mark.FREE | Mark.SKIPPED
                if block.record[at] > 1:
                    self.twice.add(f"{self._name(source)}: again, skipped at {row.place}")

    @property
    def skips(self) -> int:
        """How many of the tickets were skipped."""
        return sum(fate.has(Mark.SKIPPED) and fate.has(Mark.ARRIVED) for fate in self.fates)

    def called(self, record: Called) -> None:
        """A call made for it and others."""
        call = record.call
        if call.outcome in CLOSING:
            return  # no call, and the tickets were sent before
        call_hash, seen, marks = hash(call.call_id), call.usage_seen, _marks_of(call)
        sure = SURE.get(call.tier, 0) if call.outcome in READABLE and seen else 0
        for share in call.shares:
            block, row = self.fates.at(call.number, share.source_offset)
            block.money[row] += share.cost_picodollars
            block.input[row] += share.input_tokens
            block.output[row] += share.output_tokens
            if seen:
                block.last_call[row] = call_hash
            if sure and share.outcome == "ok":
                if block.marks[row] & sure:
                    source = SourceKey(call.number, share.source_offset)
                    self.answers.add(f"{record.place}: {self._name(source)} was answered before")
                block.marks[row] |= sure
            block.marks[row] |= marks

    def done(self, record: DoneRow) -> None:
        """Its row in the done topic."""
        if not record.released:
            return
        block, row = self.fates.at(*record.source)
        block.done[row] += 1
        if block.done[row] > 1:
            self.done_twice.add(f"{self._name(record.source)}: again at {record.place}")

    def unfinished(self, committed: Mapping[int, int]) -> int:
        """How many tickets no transaction has finished; ``committed`` by source number."""
        return sum(
            fate.has(Mark.ARRIVED)
            and not fate.block.record[fate.row]
            and fate.offset >= committed.get(fate.partition, 0)
            for fate in self.fates
        )

    def checks(
        self, committed: Mapping[int, int], moving: Collection[SourceKey], calls_complete: bool
    ) -> list[Check]:
        """The verdicts. ``moving`` tickets are judged only where movement cannot mislead."""
        lost, costs, told, done = Culprits(), Culprits(), Culprits(), self.done_twice.copy()
        due = finished = priced = by_call = rows = 0
        for fate in self.fates:
            block, row = fate.block, fate.row
            judged, records = not fate.has(Mark.EXCUSED), block.record[row]
            arrived = judged and fate.has(Mark.ARRIVED)
            if arrived and fate.offset < committed.get(fate.partition, 0):
                due += 1
                finished += records > 0
                if not records:
                    lost.add(self._name(fate))
            if _source(fate) in moving:
                continue
            rows += block.done[row]
            if block.done[row] and arrived and not records:
                done.add(f"{self._name(fate)}: done, but it has no record")
            if records == 1 and judged and (calls_complete or arrived):
                priced += 1
                if not _balanced(fate):
                    costs.add(self._imbalance(fate))
                if calls_complete:
                    by_call += 1
                    if wrong := _contradiction(fate):
                        told.add(f"{self._name(fate)}: {wrong}")
        return [
            lost.check("lost", "each ticket below the committed offset is out", due, finished),
            _none(self.twice, "duplicates", "no ticket is out twice"),
            _none(self.keys, "keys", "each record has the key of its ticket"),
            _none(self.misplaced, "topics", "each routed ticket is in its category's topic"),
            costs.check(
                "costs", "each ticket costs what its calls say", priced, priced - costs.count
            ),
            _none(self.answers, "answers", "no tier answers a ticket twice"),
            told.check(
                "tiers",
                "each ticket names the tier and the call that answered it",
                by_call,
                by_call - told.count,
            ),
            done.check("done", "each ticket is done once, and is out", rows, rows - done.count),
        ]

    def _name(self, source: SourceKey | Fate) -> str:
        return f"{self.sources.place(source.partition)}@{source.offset}"

    def _imbalance(self, fate: Fate) -> str:
        block, row = fate.block, fate.row
        parts = [f"{block.money[row]:+d} pico-dollars"]
        if not fate.has(Mark.NO_TOKENS):
            parts += [f"{block.input[row]:+d} input", f"{block.output[row]:+d} output tokens"]
        return f"{self._name(fate)}: its calls less its record: {', '.join(parts)}"


_TOO_OLD = Mark.ARRIVED | Mark.EXCUSED


def _marks_of(call: CallRecord) -> int:
    """What a call says of each of its tickets."""
    if not call.usage_seen:
        return 0
    return Mark.ANSWERED | (Mark.ASKED_SECOND if call.tier == "escalation" else 0)


def _source(fate: Fate) -> SourceKey:
    return SourceKey(fate.partition, fate.offset)


def _balanced(fate: Fate) -> bool:
    """Whether a ticket cost what its calls say."""
    block, row = fate.block, fate.row
    tokens = block.input[row] or block.output[row]
    return not block.money[row] and (not tokens or fate.has(Mark.NO_TOKENS))


def _contradiction(fate: Fate) -> str | None:
    """What a ticket's record says of its calls that they do not."""
    block, row = fate.block, fate.row
    if fate.has(Mark.FREE):
        return "answered without a call, but there is one" if fate.has(Mark.ANSWERED) else None
    if not fate.has(Mark.BY_CALL):
        return None
    if fate.has(Mark.BY_SECOND) and not fate.has(Mark.ASKED_SECOND):
        return "answered by the escalation tier, which was not asked"
    if block.told[row] != block.last_call[row]:
        return "the call that it names is not the last that was answered for it"
    return None


def _none(culprits: Culprits, name: str, promise: str) -> Check:
    return culprits.check(name, promise, 0, culprits.count)
