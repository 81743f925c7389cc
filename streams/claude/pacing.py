"""How fast one worker may call one model: below the API's limits, and with the others' share left.

Workers of one organisation do not talk to each other. Each answer tells how full the
organisation's buckets are, and from that alone each worker finds its share (fair_share.py). Pure:
``now`` is monotonic seconds.
"""

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Literal

from streams.claude.flow import Flow
from streams.claude.rate_headers import RateLimits

Bottleneck = Literal["requests", "input_tokens", "output_tokens"]

LONGEST_CALL = 60.0
"""Seconds of a call that say something about the latency."""
FIRST_RATE = 5.0
"""Calls a second until the first answer tells the limits."""
LONGEST_PAUSE = 600.0
PAUSE = 1.0
"""Seconds after a 429 that names no time."""
GROUP_STEP = 1.02
"""The group's size changes by this factor with every call."""
SETTLE = 0.5
"""Seconds from a call to its trace in the answers, besides the latency."""


@dataclass(frozen=True, slots=True)
class Caps:
    """This worker's own limits a minute; None: the API's alone."""

    requests: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class Pacer:
    """The limiter of one model in one worker."""

    def __init__(self, caps: Caps) -> None:
        self._requests = Flow(_a_second(caps.requests))
        self._input = Flow(_a_second(caps.input_tokens))
        self._output = Flow(_a_second(caps.output_tokens))
        self._flows: dict[Bottleneck, Flow] = {
            "requests": self._requests,
            "input_tokens": self._input,
            "output_tokens": self._output,
        }
        self._answered = False
        self._began: deque[float] = deque()
        self._latency = 0.5
        self._not_before = 0.0
        self._group = inf
        self.bottleneck: Bottleneck | None = None
        """Which limit sets the pace; None while none does."""

    def wait(self, now: float) -> float:
        """Seconds until a call may begin, at most LONGEST_PAUSE; 0.0: now."""
        longest = max(flow.wait(now) for flow in self._flows.values())
        return min(max(longest, self._not_before - now, 0.0), LONGEST_PAUSE)

    def begin(self, now: float, input_tokens: int, output_tokens: int) -> None:
        """A call is sent; the tokens are estimates."""
        self._requests.take(now, 1)
        self._input.take(now, input_tokens)
        self._output.take(now, output_tokens)
        self._began.append(now)
        if not self._answered:
            self._not_before = max(self._not_before, now + 1 / FIRST_RATE)
        self._find_bottleneck()

    def end(
        self,
        now: float,
        input_estimate: int,
        output_estimate: int,
        *,
        limits: RateLimits | None,
        input_tokens: int,
        output_tokens: int,
    ) -> None:
        """A call has ended, as each must that began, and used these tokens, 0 if it failed.

        ``begin``'s estimates are taken back. Tokens read from the prompt cache do not count.
        """
        self._input.take(now, input_tokens - input_estimate)
        self._output.take(now, output_tokens - output_estimate)
        answered = limits is not None or output_tokens > 0
        self._answered = self._answered or answered
        while self._began and now - self._began[0] > LONGEST_CALL:
            self._began.popleft()  # it waited at a gate, or was given up before it was sent
        if answered and self._began:  # which call it was does not matter for the mean
            self._latency += 0.1 * (now - self._began.popleft() - self._latency)
        elif self._began:  # refused at once, most likely
            self._began.pop()
        if limits is not None:
            self._hear(now, limits)

    def limited(
        self, now: float, retry_after: float | None, limits: RateLimits | None = None
    ) -> None:
        """A 429: new calls wait ``retry_after`` seconds, and the pace goes down.

        ``limits`` are those in its own headers; with them, ``end`` is told none.
        """
        if limits is not None:
            self._hear(now, limits)
        pause = PAUSE if retry_after is None else min(retry_after, LONGEST_PAUSE)
        self._not_before = max(self._not_before, now + pause)
        emptiest = min(self._flows.values(), key=lambda flow: flow.level)
        emptiest.refused(now, 2 * self._latency + SETTLE)

    def group(self, most: int) -> int:
        """How many tickets the next call should hold at most, 1 to ``most``.

        More and more while requests are the bottleneck, fewer and fewer while tokens are: in the
        end both are used up together.
        """
        if self.bottleneck is None:
            self._group = most
        self._group = max(1.0, min(self._group, most))
        return round(self._group)

    def _hear(self, now: float, limits: RateLimits) -> None:
        # Requests and input are taken when a call is admitted, output when its answer is ready.
        for flow, bucket, delays in (
            (self._requests, limits.requests, 1),
            (self._input, limits.input_tokens, 1),
            (self._output, limits.output_tokens, 2),
        ):
            if bucket is not None:
                flow.hear(now, bucket, delays * self._latency + SETTLE)

    def _find_bottleneck(self) -> None:
        binding = [(flow.debt, name) for name, flow in self._flows.items() if flow.binds]
        self.bottleneck = max(binding)[1] if binding else None
        if self.bottleneck == "requests":
            self._group *= GROUP_STEP
        elif self.bottleneck:
            self._group /= GROUP_STEP


def _a_second(a_minute: int | None) -> float | None:
    return None if a_minute is None else a_minute / 60
