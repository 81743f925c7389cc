"""A clock that moves only where everybody waits, for the whole process.

Hours take no time, and what happens does not depend on how busy the machine is.
"""

import asyncio
import selectors
import time

START = 1_795_000_000.0
"""Epoch seconds when it begins, a minute from the end of any window of the books."""

LEAST = 1e-6
"""Seconds of each turn of the loop: who waits for next to nothing would wait for ever."""


class _Clock:
    def __init__(self) -> None:
        self.now = 1_000.0


_clock = _Clock()


def install() -> None:
    """Python's clocks are this one from now on. Call it before anything of the worker is imported:
    some functions there have a clock as a default."""
    began = _clock.now
    time.monotonic = lambda: _clock.now
    time.time = lambda: START + _clock.now - began
    time.time_ns = lambda: round((START + _clock.now - began) * 1e9)


class _Jump(selectors.SelectSelector):
    """Moves the clock on instead of waiting."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        _clock.now += max(timeout, LEAST)
        return []


class StillLoop(asyncio.SelectorEventLoop):
    """Neither input nor output: only timers, each in its turn."""

    def __init__(self) -> None:
        super().__init__(_Jump())

    def time(self) -> float:
        """Seconds, as far as the timers have moved them."""
        return _clock.now
