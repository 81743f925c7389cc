"""Versions of one ticket that wait at the same time: the last one takes the place of the others."""

from collections import deque
from collections.abc import Mapping

from streams.classify.triage import Lane
from streams.delivery.work import Work


class Versions:
    """Of one partition: the last version of each ticket in hand, by the ticket's id.

    Off, each version is asked about. A version that is in a call, or was in one, is never touched:
    what was paid for keeps its result.
    """

    def __init__(self, *, enabled: bool = False) -> None:
        self._enabled = enabled
        self._last: dict[str, Work] = {}

    def take_place(self, waiting: Mapping[Lane, deque[Work]], work: Work) -> Work | None:
        """The older version whose place in its lane ``work`` has taken; None where there is none,
        and ``work`` must find a place of its own."""
        if not self._enabled or work.ticket is None:
            return None
        older = self._last.get(work.ticket.id)
        self._last[work.ticket.id] = work
        if older is None or older.lane != work.lane or work.so_far is not None:
            return None
        if older.so_far is not None or older.attempts:
            return None
        places = waiting.get(older.lane, deque())
        for place, one in enumerate(places):
            if one is older:
                places[place] = work
                return older
        return None

    def forget(self, work: Work) -> None:
        """``work`` has its result."""
        if self._enabled and work.ticket is not None and self._last.get(work.ticket.id) is work:
            del self._last[work.ticket.id]
