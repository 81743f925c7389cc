"""The lease, with a clock of our own and without dying."""

import pytest

from streams.delivery.lease import EXIT_LEASE_LOST, Lease


class Clock:
    """Seconds that stand still until moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_loop_that_runs_keeps_its_lease() -> None:
    clock, deaths = Clock(), list[int]()
    lease = Lease(4, clock, deaths.append)
    lease.renew()
    for _ in range(100):
        clock.now += 4
        lease.check()
        lease.renew()
    assert deaths == []


def test_whoever_stood_still_too_long_dies_before_acting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, deaths = Clock(), list[int]()
    lease = Lease(4, clock, deaths.append)
    lease.renew()
    clock.now += 4.1
    lease.check()
    assert deaths == [EXIT_LEASE_LOST]
    assert "stood still for 4.1 s" in caplog.text


def test_a_late_timer_cannot_renew_a_lease_that_has_run_out() -> None:
    clock, deaths = Clock(), list[int]()
    lease = Lease(4, clock, deaths.append)
    lease.renew()
    clock.now += 40
    lease.renew()
    assert deaths == [EXIT_LEASE_LOST]


def test_a_lease_begins_with_the_first_renewal() -> None:
    """A start may take long: no loop runs yet, and nothing is owned."""
    clock, deaths = Clock(), list[int]()
    lease = Lease(4, clock, deaths.append)
    clock.now += 40
    lease.check()
    lease.renew()
    assert deaths == []


def test_its_exit_code_asks_for_a_restart() -> None:
    assert EXIT_LEASE_LOST not in (0, 3)
