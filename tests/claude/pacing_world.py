"""Workers, pacers and the stand-in's buckets in virtual time: a simulation of events."""

import heapq
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import count

from streams.claude.pacing import Caps, Pacer
from streams.claude.rate_headers import RateLimits, read_rate_limits
from streams.local.standin.errors import ApiError
from streams.local.standin.limits import Bucket, Limits, RateLimiter

FIXED_INPUT, TICKET_INPUT, TICKET_OUTPUT = 250, 90, 20
"""Tokens of a call, and of each ticket in it, on average."""
START = 1_000_000.0


@dataclass(slots=True)
class Second:
    """What happened in one second of the organisation."""

    calls: int = 0
    refused: int = 0
    used: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Worker:
    pacer: Pacer
    in_flight: int = 0
    calls: int = 0
    alive: bool = True


class World:
    """Workers with more tickets than they can send. ``group`` None: as the pacer says."""

    def __init__(
        self,
        limits: Limits,
        *,
        latency: float,
        burst: float = 10.0,
        group: int | None = 25,
        slots: int = 2_000,
        caps: Caps = Caps(),  # noqa: B008  frozen
        fresh_headers: bool = False,
        seed: int = 1,
    ) -> None:
        self.limiter = RateLimiter(limits, burst, START)
        self.shown: Limits | None = None
        self.latency = latency
        self.workers: list[Worker] = []
        self.seconds: list[Second] = []
        self.groups: list[int] = []
        self._group, self._slots, self._caps = group, slots, caps
        self._fresh_headers = fresh_headers
        self._rng = random.Random(seed)
        self._now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = count()

    def at(self, when: float, what: Callable[[], None]) -> None:
        """``what`` happens ``when`` seconds after the beginning."""
        heapq.heappush(self._events, (when, next(self._count), what))

    def start(self, when: float = 0.0) -> Worker:
        worker = Worker(Pacer(self._caps))
        self.workers.append(worker)
        self.at(when, lambda: self._wake(worker))
        return worker

    def change(self, limits: Limits, burst: float = 10.0) -> None:
        """The organisation has other limits now; the buckets are as full as they were."""
        old, new = self.limiter, RateLimiter(limits, burst, START + self._now)
        for before, after in zip(_buckets(old), _buckets(new), strict=True):
            after.level = min(after.level, before.level)
        self.limiter = new

    def run(self, seconds: float) -> None:
        while self._events and self._events[0][0] <= seconds:
            self._now, _, what = heapq.heappop(self._events)
            what()
        self._now = seconds

    def second(self) -> Second:
        while len(self.seconds) <= int(self._now):
            self.seconds.append(Second())
        return self.seconds[int(self._now)]

    def _wake(self, worker: Worker) -> None:
        """The dispatcher: as many calls as may begin, then again when the pacer says."""
        if not worker.alive:
            return
        while worker.in_flight < self._slots:
            wait = worker.pacer.wait(self._now)
            assert 0 <= wait < math.inf
            if wait > 0:
                self.at(self._now + wait + self._rng.random() * 0.003, lambda: self._wake(worker))
                return
            self._call(worker)
        # A free slot wakes it.

    def _call(self, worker: Worker) -> None:
        tickets = self._group or worker.pacer.group(25)
        self.groups.append(tickets)
        mean = FIXED_INPUT + tickets * TICKET_INPUT
        tokens = FIXED_INPUT + sum(
            round(self._rng.expovariate(1 / TICKET_INPUT)) for _ in range(tickets)
        )
        output = tickets * TICKET_OUTPUT + self._rng.randint(0, 10)
        estimate = (round(mean * 1.2), 5 + tickets * 25)
        worker.pacer.begin(self._now, *estimate)
        worker.in_flight += 1
        worker.calls += 1
        self.second().calls += 1
        error = None
        try:
            self.limiter.admit(tokens, START + self._now)
            self.second().used.update(requests=1, input_tokens=tokens)
        except ApiError as refused:
            error = refused
            self.second().refused += 1
        limits = self._headers()
        seconds = 0.01 if error else self.latency * math.exp(0.25 * self._rng.gauss(0, 1))

        def end() -> None:
            was_full = worker.in_flight == self._slots
            worker.in_flight -= 1
            if error:
                worker.pacer.limited(self._now, float(error.headers["retry-after"]), limits)
                worker.pacer.end(self._now, *estimate, limits=None, input_tokens=0, output_tokens=0)
            else:
                self.limiter.spent(output)
                self.second().used.update(output_tokens=output)
                worker.pacer.end(
                    self._now,
                    *estimate,
                    limits=self._headers() if self._fresh_headers else limits,
                    input_tokens=tokens,
                    output_tokens=output,
                )
            if was_full:
                self._wake(worker)

        self.at(self._now + seconds, end)

    def _headers(self) -> RateLimits | None:
        now = START + self._now
        headers = self.limiter.headers(now)
        headers["date"] = formatdate(int(now), usegmt=True)
        if self.shown:
            for name, value in zip(
                ("requests", "input-tokens", "output-tokens"), self.shown, strict=True
            ):
                headers[f"anthropic-ratelimit-{name}-limit"] = str(value)
        return read_rate_limits(headers)

    def reached(self, limits: Limits, begin: int, end: int) -> float:
        """Used share of the limit that was used most, between two seconds."""
        used: Counter[str] = Counter()
        for second in self.seconds[begin:end]:
            used += second.used
        share: float = max(
            used[name] * 60 / limit / (end - begin) for name, limit in limits._asdict().items()
        )
        return share

    def refused(self, begin: int, end: int) -> float:
        """Share of the calls answered 429."""
        calls = sum(second.calls for second in self.seconds[begin:end])
        return sum(second.refused for second in self.seconds[begin:end]) / max(calls, 1)


def _buckets(limiter: RateLimiter) -> tuple[Bucket, Bucket, Bucket]:
    return limiter._requests, limiter._input, limiter._output
