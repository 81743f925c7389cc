from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.audit.latency import MOST_CALLS, Latencies, percentile
from streams.events.model import CallRecord, Share
from tests.audit.scene import call_of, settings_of, topics_for

NOW = 1_800_000_000.0
CALL = call_of(topics_for(settings_of("latency")), 0, [Share(0, "billing", 100, 20, 0)], "c")


def call(took: int, ago: float = 0.0) -> CallRecord:
    ended_at = int((NOW - ago) * 1000)
    return replace(CALL, started_at=ended_at - took, ended_at=ended_at)


def test_without_an_answer_there_is_no_latency() -> None:
    latencies = Latencies(300)
    assert latencies.now(NOW) is None
    latencies.take(replace(call(5), status=529))
    latencies.take(replace(call(5), unsettled_picodollars=1))
    assert latencies.now(NOW) is None


@given(st.lists(st.integers(0, 60_000), min_size=1, max_size=300))
def test_so_many_calls_were_answered_by_then(took: list[int]) -> None:
    latencies = Latencies(300)
    for one in took:
        latencies.take(call(one))
    found = latencies.now(NOW)
    assert found is not None
    assert found.calls == len(took)
    for percent, ms in ((50, found.p50), (95, found.p95), (99, found.p99)):
        assert ms in took
        assert sum(one <= ms for one in took) * 100 >= percent * len(took)
        assert sum(one < ms for one in took) * 100 < percent * len(took)


def test_old_calls_do_not_count_in_whatever_order_they_come() -> None:
    latencies = Latencies(300)
    for took, ago in ((1, 299), (900, 301), (2, 10), (900, 400)):
        latencies.take(call(took, ago))
    found = latencies.now(NOW)
    assert found is not None
    assert (found.calls, found.p99) == (2, 2)
    assert latencies.now(NOW + 300) is None


def test_memory_is_bounded() -> None:
    latencies = Latencies(300)
    for _ in range(MOST_CALLS + 5):
        latencies.take(CALL)
    assert latencies.now(CALL.ended_at / 1000).calls == MOST_CALLS  # type: ignore[union-attr]


@pytest.mark.parametrize(("percent", "value"), [(1, 1), (50, 5), (95, 10), (100, 10)])
def test_percentiles_are_values_that_were_measured(percent: int, value: int) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent) == value


@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(1, 100))
def test_so_many_values_are_not_above_a_percentile(values: list[int], percent: int) -> None:
    found = percentile(values, percent)
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


def test_the_percentile_of_nothing_is_zero() -> None:
    assert percentile([], 95) == 0
