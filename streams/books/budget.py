"""All budgets of an installation, as one worker keeps them: a purse for each."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from streams.books.limits import WHOLE, Limit, Scope
from streams.books.purse import FRESH, Part, Purse, Why
from streams.books.row_scope import dimensions_of
from streams.books.rows import spend_of_call
from streams.events.model import CallRecord


class Refusal(NamedTuple):
    """No call may begin now."""

    why: Why
    limit: Limit


class Seen(NamedTuple):
    """The committed money of a row: pico-dollars, in the window that begins at ``window``."""

    partition: int
    window: float
    scope: Scope
    money: int


class Budget:
    """Money in pico-dollars. ``clock`` gives epoch seconds, ``monotonic`` seconds that never go
    back; ``window_seconds`` is the length of the books' windows."""

    def __init__(
        self,
        limits: Iterable[Limit],
        window_seconds: int,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.window_seconds = window_seconds
        self.clock = clock
        self.monotonic = monotonic
        self.current_at = -FRESH - 1.0
        """All is seen here that was committed by then, in monotonic seconds."""
        self._purses: dict[Scope, list[Purse]] = {}
        self.change(limits, ())

    def change(self, limits: Iterable[Limit], seen: Iterable[Seen]) -> None:
        """These are the budgets from now on, ``seen`` being all rows that were read.

        A budget of the same period and scope keeps what it knows. A new one knows what was seen;
        what this worker pays counts there from now on.
        """
        before = {(p.limit.period, p.limit.scope): p for p in self}
        new: list[Purse] = []
        self._purses = {}
        for limit in limits:
            purse = before.get((limit.period, limit.scope))
            if purse is None:
                purse = Purse(limit, self.clock, self.monotonic)
                new.append(purse)
            purse.set(limit)
            self._purses.setdefault(limit.scope, []).append(purse)
        for row in seen if new else ():
            for purse in new:
                if purse.limit.scope in _wider(row.scope):
                    purse.see(row.partition, row.window, row.money, anew=False)

    def __iter__(self) -> Iterator[Purse]:
        for purses in self._purses.values():
            yield from purses

    def __bool__(self) -> bool:
        """Whether there is a budget at all."""
        return bool(self._purses)

    @property
    def whole(self) -> Sequence[Purse]:
        """Those for all spending."""
        return self._purses.get(WHOLE, ())

    def narrow(self, scope: Scope) -> list[Purse]:
        """Those for a part of the spending that holds ``scope``."""
        if not self._has_narrow:
            return []
        return [
            purse
            for wider in _wider(scope)
            if wider != WHOLE
            for purse in self._purses.get(wider, ())
        ]

    @property
    def _has_narrow(self) -> bool:
        return len(self._purses) > (WHOLE in self._purses)

    # Told by this worker

    def pay(self, partition: int, ended_at: int, amount: int, scope: Scope = WHOLE) -> None:
        """A call of ``partition`` that ended at epoch milliseconds ``ended_at`` has this cost, or
        this upper bound where it is not known."""
        self._pay((*self.whole, *self.narrow(scope)), partition, ended_at, amount)

    def book(self, call: CallRecord) -> None:
        """A call of this worker has ended."""
        amount = call.cost_picodollars + call.unsettled_picodollars
        self._pay(self.whole, call.number, call.ended_at, amount)
        if self._has_narrow:
            for delta in spend_of_call(call):
                partition, scope = dimensions_of(delta.key)
                part = delta.row.picodollars + delta.row.unsettled_picodollars
                self._pay(self.narrow(scope), partition, call.ended_at, part)

    def _pay(self, purses: Iterable[Purse], partition: int, ended_at: int, amount: int) -> None:
        if amount > 0:
            window = ended_at / 1000 // self.window_seconds * self.window_seconds
            for purse in purses:
                purse.pay(partition, window, amount)

    def release_all(self) -> None:
        """No call is in flight."""
        for purse in self:
            purse.release_all()

    # Told by who reads the books

    def see(self, row: Seen, *, anew: bool = True) -> None:
        """A row's committed money has changed by so much. ``anew``: not read before."""
        for purse in (*self.whole, *self.narrow(row.scope)):
            purse.see(row.partition, row.window, row.money, anew=anew)

    def forget(self, before: float) -> None:
        """Drop what belongs to periods and windows before ``before`` (epoch seconds)."""
        for purse in self:
            purse.forget(before)

    # Asked

    def refusal(self, purses: Iterable[Purse], most: int, part: Part) -> Refusal | None:
        """Why a call that costs at most ``most``, and is paid from all of these, may not begin now;
        None if it may."""
        stale = self.monotonic() - self.current_at > FRESH
        for purse in purses:
            if (why := purse.refusal(most, part, stale=stale)) is not None:
                return Refusal(why, purse.limit)
        return None


def _wider(scope: Scope) -> set[Scope]:
    """All scopes that hold this one, itself included."""
    category, value = scope
    return {WHOLE, Scope(category), Scope(None, value), scope}
