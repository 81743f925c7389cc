from math import inf

import pytest

from streams.claude.flow import CREDIT, Flow
from streams.claude.rate_headers import Bucket


def test_without_cap_and_limit_nothing_binds() -> None:
    flow = Flow(None)
    flow.take(0.0, 10**9)
    assert flow.wait(0.0) == 0.0
    assert not flow.binds
    assert flow.level == inf


def test_what_was_taken_is_earned_at_the_cap() -> None:
    flow = Flow(10.0)
    flow.take(100.0, 50.0 + CREDIT * 10.0)
    assert flow.wait(100.0) == pytest.approx(5.0)
    assert flow.wait(103.0) == pytest.approx(2.0)
    assert flow.wait(106.0) == 0.0


def test_idle_time_is_saved_up_for_a_moment_only() -> None:
    flow = Flow(10.0)
    flow.take(1_000.0, CREDIT * 10.0)
    assert flow.wait(1_000.0) == 0.0
    flow.take(1_000.0, 10.0)
    assert flow.wait(1_000.0) == pytest.approx(1.0)


def test_what_was_not_used_comes_back() -> None:
    flow = Flow(10.0)
    flow.take(0.0, 100.0)
    flow.take(0.0, -95.0)
    assert flow.wait(0.0) == pytest.approx(0.5)


def test_the_lower_of_cap_and_share_counts() -> None:
    flow = Flow(1_000.0)
    flow.hear(0.0, Bucket(600, 100), 1.0)
    assert 0 < flow.rate < 10.0
    capped = Flow(0.5)
    capped.hear(0.0, Bucket(600, 100), 1.0)
    assert capped.rate == 0.5


def test_a_clock_that_stands_or_goes_back_earns_nothing() -> None:
    flow = Flow(10.0)
    flow.take(5.0, 50.0)
    before = flow.wait(5.0)
    assert flow.wait(4.0) == before
    assert flow.wait(5.0) == before
