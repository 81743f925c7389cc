"""Workers that spend as fast as their budget lets them, each with a view that is late."""

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from streams.books.budget import Budget, Seen
from streams.books.limits import WHOLE, Limit, Scope
from streams.books.money import PICODOLLARS_PER_DOLLAR
from streams.books.purse import FRESH, UNSEEN_PART, Held, Part, let_go, reserve

HOUR = 3600.0
WINDOW = 60
START = 1_763_712_000.0
"""An hour begins."""

STEP = 0.1


def hourly(picodollars: int, scope: Scope = WHOLE) -> Limit:
    """A budget of an hour."""
    return Limit("hour", Decimal(picodollars) / PICODOLLARS_PER_DOLLAR, *scope)


@dataclass
class World:
    """``workers`` own as many partitions; a call's cost is at most ``most``; ``slots`` of each run
    at a time. A view is up to FRESH seconds late."""

    workers: int
    limit: int
    most: int
    seed: int
    slots: int = 20
    begin: float = START
    scope: Scope = WHOLE
    """Of the spending that the budget is for, and of every call."""
    now: float = START
    spent: dict[float, int] = field(default_factory=dict)
    """What was really spent, by hour."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.now = self.begin
        self.budgets = [
            Budget([hourly(self.limit, self.scope)], WINDOW, lambda: self.now, lambda: self.now)
            for _ in range(self.workers)
        ]
        self.in_flight = [0] * self.workers
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        # (committed at, worker, window, amount), in the order of the commits
        self.commits: list[tuple[float, int, float, int]] = []
        self._seen = [0] * self.workers

    @property
    def bound(self) -> int:
        """What an hour may cost at most: more than the limit by one call or the part of a
        hundredth of each worker but one."""
        part = self.limit // (UNSEEN_PART * self.workers)
        return self.limit + (self.workers - 1) * max(self.most, part)

    def run(self, seconds: float) -> None:
        """Let them spend."""
        for worker in range(self.workers):
            self._at(0.0, self._look_of(worker))
        end = self.now + seconds
        while self.now < end:
            self.now += STEP
            while self._events and self._events[0][0] <= self.now:
                heapq.heappop(self._events)[2]()
            for worker in self._shuffled():
                self._spend(worker)

    def _shuffled(self) -> Iterator[int]:
        order = list(range(self.workers))
        self.random.shuffle(order)
        return iter(order)

    def _spend(self, worker: int) -> None:
        budget = self.budgets[worker]
        while self.in_flight[worker] < self.slots:
            if budget.refusal(budget, self.most, Part(1, self.workers)) is not None:
                return
            held = reserve(list(budget), self.most)
            self.in_flight[worker] += 1
            self._at(self.random.uniform(0.2, 5.0), self._end_of(worker, held))

    def _end_of(self, worker: int, held: Held) -> Callable[[], None]:
        def end() -> None:
            cost = self.random.choice([self.most, self.random.randint(1, self.most)])
            hour, window = self.now // HOUR * HOUR, self.now // WINDOW * WINDOW
            self.spent[hour] = self.spent.get(hour, 0) + cost
            self.budgets[worker].pay(worker, int(self.now * 1000), cost, self.scope)
            let_go(held)
            self.in_flight[worker] -= 1
            self._at(
                self.random.uniform(0.0, 3.0),
                lambda: self.commits.append((self.now, worker, window, cost)),
            )

        return end

    def _look_of(self, worker: int) -> Callable[[], None]:
        def look() -> None:
            asked = self.now
            late = self.random.uniform(0.0, FRESH - 2 * STEP)

            def see() -> None:
                while self._seen[worker] < len(self.commits):
                    committed, partition, window, amount = self.commits[self._seen[worker]]
                    if committed > asked:
                        break
                    self._seen[worker] += 1
                    self.budgets[worker].see(Seen(partition, window, self.scope, amount))
                self.budgets[worker].current_at = asked
                self._at(0.0, look)

            self._at(late, see)

        return look

    def _at(self, seconds: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (self.now + seconds, self._count, action))
