"""What the next transaction of a partition carries, and who hears of it once it is committed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from streams.delivery.tables import BookTable
from streams.delivery.work import Skipped, Work
from streams.events.model import CallRecord, SkipReason
from streams.observe.traces import NO_TRACES, Traces


@dataclass(slots=True)
class Outbox:
    """What the next transaction carries."""

    calls: list[CallRecord] = field(default_factory=list)
    ask_again: dict[int, Work] = field(default_factory=dict)
    held: dict[int, Work] = field(default_factory=dict)
    released: list[Work] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)

    @property
    def unwanted(self) -> Iterator[tuple[int, SkipReason]]:
        """Released without a result: offset and reason."""
        for work in self.released:
            if isinstance(work.result, Skipped):
                yield work.source.offset, work.result.reason

    def __bool__(self) -> bool:
        return bool(self.calls or self.held or self.released or self.skipped)


Committed = Callable[[Outbox, float], object]
"""Told what a transaction held that is committed now, and the seconds that it took."""


@dataclass(frozen=True, slots=True)
class Books:
    """The tables, shared by all partitions, and who else is told of what is committed."""

    spend: BookTable
    errors: BookTable
    committed: Committed = lambda *_: None
    traces: Traces = NO_TRACES
