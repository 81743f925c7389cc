"""The gate, in virtual time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from streams.claude.failures import Failure, Recovery
from streams.claude.gate import MOST_REFUSED, PROBE_FIRST, PROBE_LONGEST, Gate
from tests.claude.virtual_time import now, run

BAD_KEY = Failure("authentication_error", Recovery.HOLD, "set ANTHROPIC_API_KEY", 401)


class Caller:
    """Calls through the gate again and again; ``times`` are the seconds at which it was let in."""

    def __init__(self, gate: Gate, work: Callable[[], Awaitable[None]]) -> None:
        self.times: list[float] = []
        self._gate = gate
        self._work = work

    async def once(self) -> None:
        async with self._gate.call():
            self.times.append(now())
            await self._work()


async def nothing() -> None:
    """A call that takes no time."""


def test_an_open_gate_lets_everybody_through_at_once() -> None:
    async def main() -> None:
        gate, began = Gate(clock=now), now()
        callers = [Caller(gate, nothing) for _ in range(50)]
        await asyncio.gather(*(caller.once() for caller in callers))
        assert {time for caller in callers for time in caller.times} == {began}

    run(main)


def test_a_pause_is_kept_by_all_and_the_longest_counts() -> None:
    async def main() -> None:
        gate, began = Gate(clock=now), now()
        gate.pause(7)
        gate.pause(3)
        assert gate.paused
        callers = [Caller(gate, nothing) for _ in range(5)]
        calls = [asyncio.create_task(caller.once()) for caller in callers]
        await asyncio.sleep(5)
        gate.pause(4)  # while they wait: until 9
        await asyncio.gather(*calls)
        assert {time - began for caller in callers for time in caller.times} == {9}
        assert not gate.paused

    run(main)


def test_a_held_gate_lets_one_probe_through_at_doubling_times() -> None:
    async def main() -> None:
        gate, began = Gate(clock=now), now()

        async def fails() -> None:
            gate.hold(BAD_KEY)

        gate.hold(BAD_KEY)
        callers = [Caller(gate, fails) for _ in range(20)]

        async def for_ever(caller: Caller) -> None:
            while True:
                await caller.once()

        calls = [asyncio.create_task(for_ever(caller)) for caller in callers]
        await asyncio.sleep(200)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        probes = sorted(time - began for caller in callers for time in caller.times)
        gaps = [later - earlier for earlier, later in zip([0, *probes], probes, strict=False)]
        assert gaps[0] == PROBE_FIRST
        expected, gap = [], PROBE_FIRST
        for _ in gaps:
            expected.append(gap)
            gap = min(2 * gap, PROBE_LONGEST)
        assert gaps == pytest.approx(expected)
        assert gate.held is BAD_KEY

    run(main)


def test_a_slow_probe_is_the_only_one() -> None:
    async def main() -> None:
        gate = Gate(clock=now)
        gate.hold(BAD_KEY)
        together = most = 0

        async def slow() -> None:
            nonlocal together, most
            together += 1
            most = max(most, together)
            await asyncio.sleep(100)
            together -= 1
            gate.hold(BAD_KEY)

        calls = [asyncio.create_task(Caller(gate, slow).once()) for _ in range(10)]
        await asyncio.gather(*calls)
        assert most == 1

    run(main)


@pytest.mark.parametrize("how", ["cancelled", "raised", "before_call"])
def test_a_probe_that_ends_badly_makes_room_for_the_next(how: str) -> None:
    async def main() -> None:
        broken = False

        def check() -> None:
            if broken:
                raise RuntimeError("no lease")

        gate = Gate(before_call=check, clock=now)
        gate.hold(BAD_KEY)

        async def bad() -> None:
            if how == "raised":
                raise ValueError("x")
            await asyncio.sleep(1_000)

        broken = how == "before_call"
        probe = asyncio.create_task(Caller(gate, bad).once())
        await asyncio.sleep(PROBE_FIRST + 1)
        probe.cancel()
        with suppress(asyncio.CancelledError, ValueError, RuntimeError):
            await probe
        broken = False
        assert gate.in_flight == 0
        async with asyncio.timeout(PROBE_LONGEST + 1):
            await Caller(gate, nothing).once()

    run(main)


def test_an_answer_opens_the_gate_for_all_at_once(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        gate = Gate(clock=now)
        gate.hold(BAD_KEY)
        ended = []

        async def mended() -> None:
            await asyncio.sleep(1)
            ended.append(now())
            gate.succeeded()

        callers = [Caller(gate, mended) for _ in range(100)]
        await asyncio.gather(*(caller.once() for caller in callers))
        assert gate.held is None
        times = sorted(time for caller in callers for time in caller.times)
        assert set(times[1:]) == {ended[0]}
        assert gate.answered == 100

    with caplog.at_level(logging.WARNING):
        run(main)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert "ANTHROPIC_API_KEY" in lines[0]
    assert "authentication_error is over" in lines[1]


def test_a_second_hold_right_after_the_first_ended_holds() -> None:
    async def main() -> None:
        gate = Gate(clock=now)
        gate.hold(BAD_KEY)
        waiting = asyncio.create_task(Caller(gate, nothing).once())
        await asyncio.sleep(0)
        gate.succeeded()
        gate.hold(BAD_KEY)  # before the waiter could run
        await asyncio.sleep(PROBE_FIRST / 2)
        assert not waiting.done()
        await waiting  # as a probe

    run(main)


def test_a_shut_gate_lets_nobody_through_until_it_is_opened_again() -> None:
    async def main() -> None:
        gate = Gate(clock=now)
        gate.shut()
        caller = Caller(gate, nothing)
        call = asyncio.create_task(caller.once())
        await asyncio.sleep(10_000)
        assert caller.times == []
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        gate.reopen()
        await caller.once()
        assert len(caller.times) == 1

    run(main)


@pytest.mark.parametrize("state", ["paused", "held"])
def test_who_waits_is_not_let_through_once_the_gate_is_shut(state: str) -> None:
    async def main() -> None:
        gate = Gate(clock=now)
        if state == "paused":
            gate.pause(5)
        else:
            gate.hold(BAD_KEY)
        caller = Caller(gate, nothing)
        call = asyncio.create_task(caller.once())
        await asyncio.sleep(1)
        gate.shut()
        gate.succeeded()
        await asyncio.sleep(100)
        assert caller.times == []
        call.cancel()

    run(main)


def test_before_call_runs_right_before_each_call() -> None:
    async def main() -> None:
        seen: list[float] = []
        gate = Gate(before_call=lambda: seen.append(now()), clock=now)
        gate.pause(3)
        caller = Caller(gate, nothing)
        await caller.once()
        await caller.once()
        assert seen == caller.times

    run(main)


def test_a_before_call_that_raises_stops_the_call_and_leaves_nothing_behind() -> None:
    async def main() -> None:
        def lost() -> None:
            raise RuntimeError("no lease")

        gate = Gate(before_call=lost, clock=now)
        caller = Caller(gate, nothing)
        with pytest.raises(RuntimeError):
            await caller.once()
        assert caller.times == []
        assert gate.in_flight == 0
        await gate.until_idle()

    run(main)


def test_idle_means_that_no_call_is_in_flight_however_calls_end() -> None:
    async def main() -> None:
        gate = Gate(clock=now)
        await gate.until_idle()

        async def works() -> None:
            await asyncio.sleep(1)

        async def fails() -> None:
            await asyncio.sleep(2)
            raise ValueError("x")

        async def hangs() -> None:
            await asyncio.sleep(1_000)

        calls = [asyncio.create_task(Caller(gate, f).once()) for f in (works, fails, hangs)]
        await asyncio.sleep(0)
        assert gate.in_flight == 3
        idle = asyncio.create_task(gate.until_idle())
        await asyncio.sleep(3)
        assert (gate.in_flight, idle.done()) == (1, False)
        calls[2].cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await idle
        assert gate.in_flight == 0
        assert gate.last_end == now()

    run(main)


def test_who_is_cancelled_while_waiting_was_never_in_flight() -> None:
    async def main() -> None:
        gate = Gate(clock=now)
        gate.pause(100)
        call = asyncio.create_task(Caller(gate, nothing).once())
        await asyncio.sleep(1)
        assert gate.in_flight == 0
        await gate.until_idle()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert gate.in_flight == 0

    run(main)


def test_our_requests_are_proven_by_answers_and_doubted_when_all_are_refused() -> None:
    async def main() -> None:
        gate = Gate(clock=now)
        assert not gate.proven
        gate.succeeded()
        for _ in range(MOST_REFUSED):
            gate.refused()
            assert gate.proven
        gate.refused()
        assert not gate.proven
        gate.succeeded()
        assert gate.proven

    run(main)


@pytest.mark.parametrize("state", ["open", "paused", "held"])
def test_a_stopped_gate_lets_nobody_through_whatever_comes(state: str) -> None:
    async def main() -> None:
        gate = Gate(clock=now)
        if state == "paused":
            gate.pause(5)
        elif state == "held":
            gate.hold(BAD_KEY)
        callers = [Caller(gate, nothing) for _ in range(3)]
        if state != "open":
            waiting = asyncio.create_task(callers[0].once())
            await asyncio.sleep(1)
        gate.stop("too many dead letters")
        gate.stop("and again")
        if state == "open":
            waiting = asyncio.create_task(callers[0].once())
        gate.succeeded()  # a call that was in flight
        gate.shut()
        gate.reopen()  # a rebalance
        await asyncio.sleep(10_000)
        assert callers[0].times == []
        assert gate.blocked == "too many dead letters"
        waiting.cancel()

    run(main)


def test_what_blocks_the_calls_is_told_in_words() -> None:
    async def main() -> None:
        gate = Gate(clock=now)
        told = [gate.blocked]
        gate.hold(BAD_KEY)
        told.append(gate.blocked)
        gate.succeeded()
        told.append(gate.blocked)
        assert told == [None, str(BAD_KEY), None]

    run(main)
