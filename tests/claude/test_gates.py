"""The gates of all tiers."""

import asyncio

import pytest

from streams.claude.failures import Failure, Recovery
from streams.claude.gate import Gate
from streams.claude.gates import Gates

RETIRED = Failure("not_found_error", Recovery.HOLD, "set another model", 404)


@pytest.fixture
def pair() -> tuple[Gate, Gate]:
    return Gate(), Gate()


async def test_a_model_that_is_retired_does_not_stop_the_other_and_is_told(
    pair: tuple[Gate, Gate],
) -> None:
    first, second = pair
    second.hold(RETIRED)
    assert "set another model" in (Gates(pair).blocked or "")
    async with asyncio.timeout(5), first.call():
        assert first.in_flight == 1


async def test_a_stop_and_a_shut_are_everybody_s(
    pair: tuple[Gate, Gate], caplog: pytest.LogCaptureFixture
) -> None:
    gates = Gates(pair)
    gates.shut()
    for gate in pair:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), gate.call():
                pytest.fail("shut")
    assert gates.blocked is None  # a rebalance is no trouble
    gates.reopen()
    gates.stop("dead letters")
    assert "dead letters" in str(gates.blocked)
    for gate in pair:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), gate.call():
                pytest.fail("stopped")
    assert caplog.text.count("dead letters") == 1  # one line, however many gates


async def test_idle_is_when_no_gate_has_a_call(pair: tuple[Gate, Gate]) -> None:
    gates = Gates(pair)
    await gates.until_idle()
    async with pair[1].call():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await gates.until_idle()
    await gates.until_idle()
    assert gates.last_end == pair[1].last_end


def test_one_that_pauses_makes_all_of_them_pause_for_the_watchdog(
    pair: tuple[Gate, Gate],
) -> None:
    gates = Gates(pair)
    assert not gates.paused
    pair[0].pause(60)
    assert gates.paused
