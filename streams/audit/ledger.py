"""What became of every ticket: the promises about tickets, checked."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from streams.audit.records import Called, DoneRow, Finished, SourceKey
from streams.audit.report import Check, Culprits


@dataclass(slots=True)
class Fate:
    """One ticket. The three balances are the shares of its calls less what its record says."""

    key: int = 0
    arrived: bool = False
    judged: bool = True
    records: int = 0
    done: int = 0
    money: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tokens_known: bool = True

    @property
    def balanced(self) -> bool:
        """Whether it cost what its calls say."""
        tokens = self.tokens_known and (self.input_tokens or self.output_tokens)
        return not self.money and not tokens


@dataclass(slots=True)
class Ledger:
    """Takes the tickets first, then what became of them, in any order.

    A ticket older than ``horizon`` (epoch milliseconds) may have lost its record to retention: it
    is not judged.
    """

    topic: str
    horizon: int = 0
    fates: dict[int, dict[int, Fate]] = field(default_factory=dict)
    twice: Culprits = field(default_factory=Culprits)
    keys: Culprits = field(default_factory=Culprits)
    misplaced: Culprits = field(default_factory=Culprits)
    done_twice: list[str] = field(default_factory=list)

    def arrived(self, source: SourceKey, key: bytes | None, timestamp: int) -> None:
        """An event of the input topic, stamped with epoch milliseconds."""
        fate = self._fate(source)
        fate.arrived, fate.key, fate.judged = True, hash(key), timestamp >= self.horizon

    def finished(self, record: Finished) -> None:
        """Its record in a category topic or the dead-letter topic."""
        fate = self._fate(record.source)
        fate.records += 1
        if fate.records > 1:
            self.twice.add(f"{self._name(record.source)}: again at {record.place}")
            return
        if fate.arrived and fate.key != hash(record.key):
            self.keys.add(f"{record.place}: not the key of {self._name(record.source)}")
        if not record.right_topic:
            self.misplaced.add(record.place)
        fate.money -= record.cost
        fate.tokens_known = record.tokens is not None
        tokens_in, tokens_out = record.tokens or (0, 0)
        fate.input_tokens -= tokens_in
        fate.output_tokens -= tokens_out

    def called(self, record: Called) -> None:
        """A call made for it and others."""
        for share in record.call.shares:
            fate = self._fate(SourceKey(record.call.source_partition, share.source_offset))
            fate.money += share.cost_picodollars
            fate.input_tokens += share.input_tokens
            fate.output_tokens += share.output_tokens

    def done(self, record: DoneRow) -> None:
        """Its row in the done topic."""
        if not record.released:
            return
        fate = self._fate(record.source)
        fate.done += 1
        if fate.done > 1:
            self.done_twice.append(f"{self._name(record.source)}: again at {record.place}")

    def tickets(self) -> int:
        """How many tickets are in the input topic."""
        return sum(fate.arrived for _, fate in self._all())

    def unfinished(self, committed: Mapping[int, int]) -> int:
        """How many tickets no transaction has finished, ``committed`` being offset by partition."""
        return sum(
            fate.arrived
            and not fate.records
            and source.offset >= committed.get(source.partition, 0)
            for source, fate in self._all()
        )

    def checks(
        self, committed: Mapping[int, int], moving: Collection[SourceKey], calls_complete: bool
    ) -> list[Check]:
        """The verdicts. ``moving`` tickets are judged only where movement cannot mislead."""
        lost, costs, done = Culprits(), Culprits(), Culprits()
        due = finished = priced = rows = 0
        done.add_all(self.done_twice)
        for source, fate in self._all():
            if fate.arrived and fate.judged and source.offset < committed.get(source.partition, 0):
                due += 1
                finished += fate.records > 0
                if not fate.records:
                    lost.add(self._name(source))
            if source in moving:
                continue
            rows += fate.done
            if fate.done and fate.arrived and fate.judged and not fate.records:
                done.add(f"{self._name(source)}: done, but it has no record")
            if fate.records == 1 and fate.judged and (calls_complete or fate.arrived):
                priced += 1
                if not fate.balanced:
                    costs.add(self._imbalance(source, fate))
        return [
            lost.check("lost", "each ticket below the committed offset is out", due, finished),
            _none(self.twice, "duplicates", "no ticket is out twice"),
            _none(self.keys, "keys", "each record has the key of its ticket"),
            _none(self.misplaced, "topics", "each routed ticket is in its category's topic"),
            costs.check(
                "costs", "each ticket costs what its calls say", priced, priced - costs.count
            ),
            done.check("done", "each ticket is done once, and is out", rows, rows - done.count),
        ]

    def _fate(self, source: SourceKey) -> Fate:
        return self.fates.setdefault(source.partition, {}).setdefault(source.offset, Fate())

    def _all(self) -> Iterator[tuple[SourceKey, Fate]]:
        for partition, fates in sorted(self.fates.items()):
            for offset, fate in fates.items():
                yield SourceKey(partition, offset), fate

    def _name(self, source: SourceKey) -> str:
        return f"{self.topic}[{source.partition}]@{source.offset}"

    def _imbalance(self, source: SourceKey, fate: Fate) -> str:
        parts = [f"{fate.money:+d} pico-dollars"]
        if fate.tokens_known:
            parts += [f"{fate.input_tokens:+d} input", f"{fate.output_tokens:+d} output tokens"]
        return f"{self._name(source)}: its calls less its record: {', '.join(parts)}"


def _none(culprits: Culprits, name: str, promise: str) -> Check:
    return culprits.check(name, promise, 0, culprits.count)
