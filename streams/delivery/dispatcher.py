"""Who is classified next: a free call slot takes the tickets that wait, lane by lane in turn."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from streams.classify.triage import CallTier, Lane
from streams.claude.budget_guard import SOON, Word
from streams.claude.pace import Pace
from streams.delivery.shares import Shares
from streams.delivery.work import Work

log = logging.getLogger(__name__)


class Queue(Hashable, Protocol):
    """What the dispatcher needs of a partition."""

    waiting: dict[Lane, deque[Work]]
    """Tickets without a slot, by lane; no lane is empty."""
    calls: set[asyncio.Future[Any]]
    """What is under way."""
    closed: bool
    """Whether it is given up: nothing may wait there any more."""


Q = TypeVar("Q", bound=Queue)


class Dispatcher(Generic[Q]):
    """At most ``slots`` calls run at a time, each with tickets of one lane of one partition.

    Nothing waits for company: a free slot takes what is there, so that an idle worker asks about
    each ticket at once, and a busy one about many together. ``most_tokens`` bounds the input of a
    call. ``admit`` is asked about each ticket right before its call, and sees to one that it turns
    away; ``dismiss`` is told of the admitted ones when the call is over. ``run`` makes one call,
    and returns the tickets that must wait again, each with its new lane; ``fail`` is told when it
    raises, which it never should.

    Who may begin one, so that no partition holds up the others, streams.delivery.shares says.
    """

    def __init__(
        self,
        slots: int,
        run: Callable[[Q, Lane, Sequence[Work]], Awaitable[Sequence[Work]]],
        uncommitted: Counter[Q],
        pace: Pace,
        *,
        most_tokens: int,
        admit: Callable[[Q, Work], Word] = lambda *_: "go",
        dismiss: Callable[[Sequence[Work]], object] = lambda _: None,
        fail: Callable[[str], object] = log.critical,
    ) -> None:
        self._shares: Shares[Q] = Shares(slots, uncommitted)
        self._run = run
        self._pace = pace
        self._most_tokens = most_tokens
        self._admit = admit
        self._dismiss = dismiss
        self._fail = fail
        self._in_turn: dict[CallTier, deque[tuple[Q, Lane]]] = {
            "first": deque(),
            "escalation": deque(),
        }
        self._lanes: dict[CallTier, Counter[Q]] = {"first": Counter(), "escalation": Counter()}
        self._due: asyncio.Handle | None = None
        self._later: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> int:
        """Slots in use."""
        return self._shares.busy

    def submit(self, partition: Q, work: Work) -> None:
        """``work`` waits for a slot in its lane. What comes in one go is taken in one go."""
        if partition.closed:
            return
        lane = work.lane
        if lane not in partition.waiting:
            partition.waiting[lane] = deque()
            self._in_turn[lane.tier].append((partition, lane))
            self._lanes[lane.tier][partition] += 1
        partition.waiting[lane].append(work)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_soon(self.fill)

    def clear(self) -> None:
        """Forget everything that waits: the partitions are given up."""
        for in_turn in self._in_turn.values():
            for partition, _ in in_turn:
                partition.waiting.clear()
            in_turn.clear()
        for lanes in self._lanes.values():
            lanes.clear()

    def fill(self) -> None:
        """Begin what may begin. Called when a ticket comes, a slot is free, or a commit is done."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        waits = [self._fill(tier) for tier in self._in_turn]
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if wait := min(filter(None, waits), default=0.0):
            self._later = asyncio.get_running_loop().call_later(wait, self.fill)

    def _fill(self, tier: CallTier) -> float:
        """Seconds until the next call may begin, if that is all that is missing; else 0."""
        in_turn, lanes = self._in_turn[tier], self._lanes[tier]
        passed_over = 0
        held_back = False
        while passed_over < len(in_turn) and self._shares.room(tier):
            partition, lane = in_turn[0]
            if partition.closed:
                # What came back while its last calls ended: nobody would book what it costs now.
                self._leave(partition, lane)
                partition.waiting.clear()
                continue
            if not self._shares.may(tier, partition, len(lanes)):
                in_turn.rotate(-1)
                passed_over += 1
                continue
            if wait := self._pace.wait(tier):
                return wait
            works = self._take(partition, lane)
            if lane in partition.waiting:
                in_turn.rotate(-1)
            else:
                self._leave(partition, lane)
            if works:
                self._begin(partition, lane, works)
            held_back = not works and lane in partition.waiting
            passed_over = passed_over + 1 if held_back else 0
        return SOON if held_back and passed_over == len(in_turn) else 0.0

    def _leave(self, partition: Q, lane: Lane) -> None:
        """Nothing waits any more in the lane whose turn it is."""
        self._in_turn[lane.tier].popleft()
        lanes = self._lanes[lane.tier]
        lanes[partition] -= 1
        if not lanes[partition]:
            del lanes[partition]

    def _take(self, partition: Q, lane: Lane) -> list[Work]:
        """The next tickets of ``lane`` for one call: none only where money holds all back."""
        waiting = partition.waiting[lane]
        most = self._pace.group(lane.tier, lane.group)
        works: list[Work] = []
        later: list[Work] = []
        tokens = 0
        while waiting and len(works) < most:
            if works and tokens + waiting[0].bound > self._most_tokens:
                break
            work = waiting.popleft()
            word = self._admit(partition, work)
            if word == "go":
                tokens += work.bound
                works.append(work)
            elif word == "later":
                later.append(work)
        waiting.extendleft(reversed(later))
        if not waiting:
            del partition.waiting[lane]
        return works

    def _begin(self, partition: Q, lane: Lane, works: Sequence[Work]) -> None:
        self._shares.begin(lane.tier, partition)
        self._pace.begin(lane.tier, len(works), sum(work.bound for work in works))
        task = asyncio.ensure_future(self._run(partition, lane, works))
        partition.calls.add(task)
        task.add_done_callback(partition.calls.discard)
        task.add_done_callback(lambda task: self._end(partition, lane.tier, works, task))

    def _end(
        self,
        partition: Q,
        tier: CallTier,
        works: Sequence[Work],
        task: asyncio.Future[Sequence[Work]],
    ) -> None:
        self._shares.end(tier, partition)
        self._dismiss(works)
        if task.cancelled():
            pass
        elif (error := task.exception()) is not None:
            # A bug: without a result its events would block the partition, and nobody would know.
            self._fail(f"tickets were left without a result: {type(error).__name__}")
            log.debug("where it happened", exc_info=error)
        else:
            for work in task.result():
                self.submit(partition, work)
        self.fill()
