"""Whether what was unsettled is taken back exactly, and once: see streams.books.closing."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from streams.audit.records import Called
from streams.audit.report import Check, Culprits
from streams.books.closing import closes
from streams.events.model import SETTLED, CallRecord


@dataclass(slots=True)
class Settling:
    """Takes the calls one by one."""

    bounds: dict[str, int] = field(default_factory=dict)
    """Pico-dollars by the id of the call."""
    closing: list[tuple[str, str, CallRecord]] = field(default_factory=list)
    """Where the record is, and the call that it closes."""

    def add(self, item: Called) -> None:
        """One more record of the calls topic."""
        call = item.call
        if (closed := closes(call)) is not None:
            self.closing.append((item.place, closed, call))
        elif call.unsettled_picodollars:
            self.bounds[call.call_id] = call.unsettled_picodollars

    def check(self, *, complete: bool) -> Check:
        """The verdict. ``complete``: no record is gone by retention."""
        wrong = Culprits()
        for culprit in self._wrong(complete=complete):
            wrong.add(culprit)
        return wrong.check(
            "settling",
            "what was unsettled is settled or written off once, within its bound",
            len(self.closing),
            len(self.closing) - wrong.count,
        )

    def _wrong(self, *, complete: bool) -> Iterator[str]:
        seen: set[str] = set()
        for place, closed, record in self.closing:
            bound = self.bounds.get(closed)
            if closed in seen:
                yield f"{place}: {closed} is closed again"
            elif bound is None and complete:
                yield f"{place}: there is no unsettled call {closed}"
            elif bound is not None and record.unsettled_picodollars != -bound:
                back = -record.unsettled_picodollars
                yield f"{place}: takes {back} pico-dollars back where {bound} were unsettled"
            elif bound is not None and record.outcome == SETTLED and _beyond(record, bound):
                yield f"{place}: {record.cost_picodollars} pico-dollars where {bound} are the most"
            seen.add(closed)


def _beyond(record: CallRecord, bound: int) -> bool:
    return not 0 <= record.cost_picodollars <= bound
