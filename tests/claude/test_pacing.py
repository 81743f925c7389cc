from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.claude.pacing import FIRST_RATE, LONGEST_PAUSE, Caps, Pacer
from streams.claude.rate_headers import Bucket, RateLimits
from streams.local.standin.limits import TIERS, Limits
from tests.claude.pacing_world import World

HALF = Limits(*(limit // 2 for limit in TIERS["start"]))


def _reaches_the_limit(world: World, limits: Limits, begin: int, end: int) -> None:
    assert world.reached(limits, begin, end) >= 0.98
    assert world.refused(begin, end) < 0.005


@pytest.mark.parametrize("group", [1, 25, None])
@pytest.mark.parametrize("latency", [0.1, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_workers_use_the_limit_up_and_earn_no_429(
    workers: int, latency: float, group: int | None
) -> None:
    world = World(TIERS["start"], latency=latency, group=group)
    for _ in range(workers):
        world.start()
    world.run(120)
    _reaches_the_limit(world, TIERS["start"], 60, 120)
    assert world.refused(0, 60) < 0.005


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("tier", ["build", "scale"])
def test_higher_tiers_too(tier: str, workers: int) -> None:
    world = World(TIERS[tier], latency=0.8, group=None)
    for _ in range(workers):
        world.start()
    world.run(90)
    _reaches_the_limit(world, TIERS[tier], 60, 90)


@pytest.mark.parametrize("burst", [5, 30])
def test_buckets_of_another_size(burst: float) -> None:
    world = World(TIERS["start"], latency=0.5, burst=burst)
    for _ in range(4):
        world.start()
    world.run(120)
    _reaches_the_limit(world, TIERS["start"], 60, 120)


def test_headers_that_are_as_new_as_the_answer() -> None:
    world = World(TIERS["start"], latency=1.0, fresh_headers=True)
    for _ in range(4):
        world.start()
    world.run(120)
    _reaches_the_limit(world, TIERS["start"], 60, 120)


def test_workers_that_come_later_get_as_much() -> None:
    world = World(TIERS["start"], latency=0.3)
    workers = [world.start(20.0 * number) for number in range(4)]
    world.run(180)
    before = [worker.calls for worker in workers]
    world.run(240)
    _reaches_the_limit(world, TIERS["start"], 80, 240)
    calls = [worker.calls - then for worker, then in zip(workers, before, strict=True)]
    assert max(calls) < 1.25 * min(calls)


def test_what_a_dead_worker_leaves_is_used_by_the_others() -> None:
    world = World(TIERS["start"], latency=0.5)
    first, *_ = [world.start() for _ in range(4)]
    world.at(70, lambda: setattr(first, "alive", False))
    world.run(130)
    _reaches_the_limit(world, TIERS["start"], 80, 130)


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
@pytest.mark.parametrize("latency", [0.3, 1.0])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_half_the_limit_is_found_within_ten_seconds(
    workers: int, latency: float, told: bool
) -> None:
    world = World(TIERS["start"], latency=latency)
    if not told:
        world.shown = TIERS["start"]
    for _ in range(workers):
        world.start()
    world.at(100, lambda: world.change(HALF))
    world.run(190)
    assert world.reached(HALF, 110, 115) < 1.15
    assert world.refused(100, 115) < 0.005
    assert world.reached(HALF, 115, 160) > 0.9
    _reaches_the_limit(world, HALF, 130, 190)


def test_half_the_limit_where_answers_take_long() -> None:
    world = World(TIERS["start"], latency=3.0)
    for _ in range(4):
        world.start()
    world.at(100, lambda: world.change(HALF))
    world.run(170)
    assert world.reached(HALF, 110, 115) < 1.15
    assert world.refused(100, 170) < 0.005


def test_a_higher_limit_is_found() -> None:
    world = World(HALF, latency=0.5)
    for _ in range(2):
        world.start()
    world.at(60, lambda: world.change(TIERS["start"]))
    world.run(110)
    _reaches_the_limit(world, TIERS["start"], 80, 110)


def test_calls_grow_while_requests_are_short_and_shrink_while_tokens_are() -> None:
    requests_short = World(Limits(100, 2_000_000, 400_000), latency=0.5, group=None)
    tokens_short = World(Limits(4_000, 1_000_000, 40_000), latency=0.5, group=None)
    for world in (requests_short, tokens_short):
        world.start()
        world.run(120)
    assert min(requests_short.groups[-50:]) == 25
    assert max(tokens_short.groups[-50:]) <= 3
    _reaches_the_limit(tokens_short, Limits(4_000, 1_000_000, 40_000), 60, 120)


def test_own_caps_hold_without_headers() -> None:
    pacer = Pacer(Caps(requests=60, input_tokens=6_000))
    now, calls = 0.0, 0
    while now < 60:
        now += max(pacer.wait(now), 1e-6)
        pacer.begin(now, 500, 10)
        pacer.end(now, 500, 10, limits=None, input_tokens=200, output_tokens=10)
        calls += 1
    assert 29 <= calls <= 32  # 200 of 6,000 tokens each
    assert pacer.bottleneck == "input_tokens"


def test_own_caps_hold_where_the_api_allows_more() -> None:
    world = World(TIERS["start"], latency=0.5, caps=Caps(requests=300))
    world.start()
    world.run(120)
    _reaches_the_limit(world, Limits(300, 10**9, 10**9), 60, 120)
    assert world.reached(Limits(300, 10**9, 10**9), 60, 120) < 1.01


def test_an_api_that_tells_no_limits_has_none() -> None:
    pacer = Pacer(Caps())
    pacer.begin(0.0, 1_000, 100)
    pacer.end(0.5, 1_000, 100, limits=None, input_tokens=900, output_tokens=90)
    for _ in range(10_000):
        assert pacer.wait(0.5) == 0.0
        pacer.begin(0.5, 10**6, 10**6)
    assert pacer.group(25) == 25
    assert pacer.bottleneck is None


def test_until_the_first_answer_calls_begin_slowly() -> None:
    pacer = Pacer(Caps())
    assert pacer.wait(0.0) == 0.0
    pacer.begin(0.0, 1, 1)
    assert pacer.wait(0.0) == pytest.approx(1 / FIRST_RATE)
    pacer.end(0.1, 1, 1, limits=None, input_tokens=0, output_tokens=0)  # failed
    assert pacer.wait(0.1) > 0


def test_retry_after_is_obeyed_up_to_its_cap() -> None:
    pacer = Pacer(Caps())
    pacer.limited(10.0, 7.0)
    assert pacer.wait(10.0) == pytest.approx(7.0)
    pacer.limited(11.0, 1.0)
    assert pacer.wait(11.0) == pytest.approx(6.0)  # the later end counts
    pacer.limited(12.0, None)
    assert pacer.wait(17.0) == 0.0
    pacer.limited(20.0, 86_400.0)
    assert pacer.wait(20.0) == LONGEST_PAUSE


def test_a_429_slows_down_what_is_nearly_used_up() -> None:
    limits = RateLimits(Bucket(600, 90), Bucket(60_000, 1_000), Bucket(60_000, 9_000))
    pacer = Pacer(Caps())
    pacer.begin(0.0, 10, 10)
    pacer.end(1.0, 10, 10, limits=limits, input_tokens=10, output_tokens=10)
    before = pacer._requests.rate, pacer._input.rate, pacer._output.rate
    pacer.limited(1.0, 1.0)
    assert pacer._input.rate < before[1]
    assert (pacer._requests.rate, pacer._output.rate) == (before[0], before[2])


def test_a_failed_call_gives_its_tokens_back() -> None:
    limits = RateLimits(None, Bucket(60_000, 5_000), None)
    pacer = Pacer(Caps())
    pacer.begin(0.0, 10, 10)
    pacer.end(1.0, 10, 10, limits=limits, input_tokens=10, output_tokens=10)
    pacer.begin(2.0, 50_000, 10)
    assert pacer.wait(2.0) > 10
    pacer.end(2.1, 50_000, 10, limits=None, input_tokens=0, output_tokens=0)
    assert pacer.wait(2.1) == 0.0


_numbers = st.integers(0, 10**12)
_buckets = st.none() | st.builds(
    Bucket, st.integers(1, 10**12), _numbers, st.none() | st.floats(0, 1e12)
)
_limits = st.none() | st.builds(RateLimits, _buckets, _buckets, _buckets)
_steps = st.lists(
    st.tuples(
        st.sampled_from(["begin", "end", "limited"]),
        st.floats(0, 1e6),
        _numbers,
        _numbers,
        _limits,
        st.none() | st.floats(0, 1e9),
    ),
    max_size=30,
)
_cap = st.none() | st.integers(1, 10**9)


@given(st.builds(Caps, _cap, _cap, _cap), _steps, st.integers(1, 100))
def test_whatever_is_told_waits_are_numbers_and_end(
    caps: Caps, steps: list[tuple[str, float, int, int, RateLimits | None, float | None]], most: int
) -> None:
    pacer = Pacer(caps)
    now = 0.0
    for what, later, tokens, others, limits, retry_after in steps:
        now += later
        if what == "begin":
            pacer.begin(now, tokens, others)
        elif what == "end":
            pacer.end(now, tokens, others, limits=limits, input_tokens=others, output_tokens=tokens)
        else:
            pacer.limited(now, retry_after, limits)
        wait = pacer.wait(now)
        assert isfinite(wait)
        assert 0 <= wait <= LONGEST_PAUSE
        assert 1 <= pacer.group(most) <= most
