from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.dashboard.calls_seen import CallsSeen, bucket_of, latency_of, percentiles
from streams.events.model import ABANDONED, CLOSING
from tests.dashboard.scenes import HAIKU, SONNET, call

NOW = 1_763_715_650.0
THIS = NOW - 50


@given(st.lists(st.integers(1, 600_000), min_size=1, max_size=300))
def test_percentiles_are_near_those_of_the_numbers(took: list[int]) -> None:
    told = percentiles(Counter(map(bucket_of, took)))
    ordered = sorted(took)
    for percent, found in zip((50, 95, 99), told, strict=False):
        true = ordered[max(1, -(-len(took) * percent // 100)) - 1]
        assert abs(found - true) <= max(1, 0.026 * true)
    assert told[-1] == len(took)


def test_without_calls_there_are_no_percentiles() -> None:
    assert percentiles({}) == [0, 0, 0, 0]


def test_each_model_has_a_latency_of_its_own() -> None:
    seen = CallsSeen()
    seen.add(call(THIS, HAIKU, took=100), 1)
    seen.add(call(THIS, SONNET, took=5_000), 1)
    cells = seen.latency.step(60, int(THIS)).items()
    assert latency_of(cells, HAIKU)[3] == 1
    assert latency_of(cells, HAIKU)[0] < 200 < latency_of(cells, SONNET)[0]
    assert latency_of(cells, None)[3] == 2


def test_a_call_that_was_not_answered_has_no_latency_but_takes_of_the_limit() -> None:
    seen = CallsSeen()
    seen.add(call(THIS, status=429, input_tokens=0, output_tokens=0, unsettled_picodollars=1), 1)
    assert seen.latency.total(60, int(THIS), int(NOW)) == {}
    assert seen.limit_use(NOW)[0]["requests"] == {"limit": 1_000, "used": 1}


def test_the_use_is_that_of_the_busier_of_two_minutes() -> None:
    seen = CallsSeen()
    for at in (THIS + 1, THIS - 60, THIS - 30, THIS - 500):
        seen.add(call(at), 1)
    [use] = seen.limit_use(NOW)
    assert use["model"] == HAIKU
    assert use["requests"]["used"] == 2
    assert use["input_tokens"] == {"limit": 450_000, "used": 4_000}


def test_what_is_read_from_the_cache_takes_nothing_of_the_limit() -> None:
    seen = CallsSeen()
    seen.add(call(THIS, input_tokens=5, cache_write_5m_tokens=7, cache_read_tokens=1_000), 1)
    assert seen.limit_use(NOW)[0]["input_tokens"]["used"] == 12


@pytest.mark.parametrize("outcome", [ABANDONED, *CLOSING])
def test_a_record_without_a_call_counts_for_nothing(outcome: str) -> None:
    seen = CallsSeen()
    seen.add(call(THIS, outcome=outcome, status=None), 1)
    assert seen.since is None
    assert seen.limits == {}


def test_old_calls_are_forgotten() -> None:
    seen = CallsSeen()
    for day in range(30):
        seen.add(call(THIS + day * 86_400), 1)
        seen.forget(THIS + (day - 8) * 86_400)
    kept = seen.latency.total(3_600, int(THIS), int(THIS) + 40 * 86_400)
    assert sum(n for [n] in kept.values()) == 9
