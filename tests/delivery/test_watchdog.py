"""The watchdog, with a clock of our own: it bites a stall, and nothing else."""

from typing import Any

import pytest

from streams.claude.failures import Failure, Recovery
from streams.claude.gate import Gate
from streams.claude.gates import Gates
from streams.delivery.watchdog import LATE_SECONDS, Watchdog

LIMIT = 120


class Partition:
    """What the watchdog asks a partition."""

    def __init__(self, number: int, now: float) -> None:
        self.name = str(number)
        self.last_commit = now
        self.unsent = 0.0

    def unsent_since(self, now: float) -> float:
        return self.unsent


class Worker:
    """A member, a gate and a watchdog that looks every second."""

    def __init__(self) -> None:
        self.now = 5_000.0
        self.pending = 0
        self.rebalancing = False
        self.partitions = {0: Partition(0, self.now), 1: Partition(1, self.now)}
        self.gate = Gate(clock=lambda: self.now)
        member: Any = self
        self.watchdog = Watchdog(
            member, Gates([self.gate]), lambda: self.rebalancing, LIMIT, lambda: self.now
        )

    def after(self, seconds: float) -> str | None:
        """The first complaint within these seconds."""
        for _ in range(int(seconds)):
            self.now += 1
            if (complaint := self.watchdog.complaint()) is not None:
                return complaint
        return None


@pytest.fixture
def worker() -> Worker:
    return Worker()


def test_a_worker_without_work_is_left_alone(worker: Worker) -> None:
    assert worker.after(10 * LIMIT) is None


def test_a_ticket_after_a_long_rest_is_given_its_time(worker: Worker) -> None:
    worker.after(10 * LIMIT)
    worker.pending = 1
    assert worker.after(LIMIT) is None
    complaint = worker.after(2)
    assert complaint is not None
    assert "1 tickets in hand" in complaint


@pytest.mark.parametrize("what", ["call ends", "commit"])
def test_whatever_moves_is_no_stall(worker: Worker, what: str) -> None:
    worker.pending = 5
    for _ in range(10):
        assert worker.after(LIMIT) is None
        if what == "commit":
            worker.partitions[1].last_commit = worker.now
        else:
            worker.gate.last_end = worker.now
    assert worker.after(LIMIT + 1) is not None


def test_a_held_gate_is_waited_out(worker: Worker) -> None:
    worker.pending = 5
    worker.gate.hold(Failure("authentication_error", Recovery.HOLD, "the key", 401))
    assert worker.after(100 * LIMIT) is None
    worker.gate.succeeded()
    assert worker.after(LIMIT) is None
    assert worker.after(2) is not None


def test_an_open_dead_letter_breaker_is_waited_out(worker: Worker) -> None:
    worker.pending = 5
    worker.gate.stop("dead-letter breaker: 52 of the last 100 tickets are dead letters")
    assert worker.after(100 * LIMIT) is None


def test_a_paused_gate_is_waited_out(worker: Worker) -> None:
    worker.pending = 5
    worker.gate.pause(5 * LIMIT)
    assert worker.after(6 * LIMIT - 1) is None
    assert worker.after(2) is not None


def test_results_that_cannot_be_committed_are_a_stall_even_while_calls_go_on(
    worker: Worker,
) -> None:
    worker.pending = 5
    worker.gate.hold(Failure("authentication_error", Recovery.HOLD, "the key", 401))
    worker.partitions[1].unsent = LIMIT
    assert worker.after(1) is None
    worker.partitions[1].unsent = LIMIT + 1
    complaint = worker.after(1)
    assert complaint is not None
    assert "partition 1 could not commit" in complaint


def test_results_that_wait_long_for_their_commit_are_told_before_they_are_a_stall(
    worker: Worker,
) -> None:
    worker.partitions[0].unsent = LATE_SECONDS
    assert worker.watchdog.worry() is None
    worker.partitions[0].unsent = LATE_SECONDS + 1
    worry = worker.watchdog.worry()
    assert worry is not None
    assert "partition 0 have waited 11 s for their commit" in worry
    assert worker.after(1) is None


def test_a_rebalance_that_never_ends_is_a_stall(worker: Worker) -> None:
    worker.rebalancing = True
    assert worker.after(LIMIT) is None
    complaint = worker.after(2)
    assert complaint is not None
    assert "rebalance" in complaint


def test_many_short_rebalances_are_none(worker: Worker) -> None:
    for _ in range(10):
        worker.rebalancing = True
        assert worker.after(LIMIT - 1) is None
        worker.rebalancing = False
        assert worker.after(1) is None


def test_without_partitions_there_is_nothing_to_complain_about(worker: Worker) -> None:
    worker.partitions.clear()
    worker.pending = 0
    assert worker.after(10 * LIMIT) is None
