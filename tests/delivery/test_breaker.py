"""When the dead-letter breaker opens, and when it does not."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.breaker import Breaker


class Scene:
    """A breaker that is told of whole tickets."""

    def __init__(self, share: float = 0.5, least: int = 50) -> None:
        self.reasons: list[str] = []
        self.breaker = Breaker(share, least, self.reasons.append)
        self.binned = 0

    def ticket(self, error_type: str | None = None) -> bool:
        """One ticket from begin to end; False when it is held back."""
        number = self.breaker.begin()
        admitted = error_type is None or self.breaker.admits(number, error_type)
        self.binned += admitted and error_type is not None
        return admitted


def test_a_topic_of_bad_events_only_stops_at_the_least_and_holds_that_one_back() -> None:
    scene = Scene(least=50)
    assert [scene.ticket("not_json") for _ in range(60)] == [True] * 49 + [False] * 11
    assert scene.binned == 49
    [reason] = scene.reasons
    assert "50 of the last 50 tickets" in reason
    assert "not_json" in reason
    assert "TICKET_STREAMS_DEAD_LETTER_SHARE" in reason


def test_few_bad_events_never_stop_a_worker_whatever_their_share() -> None:
    scene = Scene(least=50)
    assert all(scene.ticket("not_json") for _ in range(49))
    assert not scene.breaker.open


def test_half_bad_is_not_more_than_half() -> None:
    scene = Scene(share=0.5)
    assert all(scene.ticket(kind) for _ in range(5_000) for kind in (None, "not_json"))


def test_after_many_good_tickets_only_the_last_ones_count() -> None:
    scene = Scene(share=0.5, least=50)
    for _ in range(100_000):
        scene.ticket()
    while scene.ticket("not_json"):
        pass
    # More than half of the last 200, the span.
    assert scene.breaker.span == 200
    assert scene.binned == 100
    assert "101 of the last 200 tickets" in scene.reasons[0]


def test_a_small_share_looks_at_enough_tickets_to_reach_the_least() -> None:
    scene = Scene(share=0.01, least=50)
    assert scene.breaker.span == 5_000
    dealt = random.Random(1)
    for _ in range(20_000):
        scene.ticket("not_json" if dealt.random() < 0.02 else None)
    assert scene.breaker.open


def test_a_share_of_1_never_stops() -> None:
    scene = Scene(share=1.0, least=1)
    assert all(scene.ticket("not_json") for _ in range(10_000))


def test_the_most_frequent_error_is_named() -> None:
    scene = Scene(least=5)
    for kind in ("not_utf8", "not_json", "not_json", "not_json", "not_utf8"):
        scene.ticket(kind)
    assert "(most: not_json)" in scene.reasons[0]


def test_bad_events_that_outrun_the_answers_of_good_ones_do_not_stop_it() -> None:
    """Decoding fails at once, a call takes a second: 2,000 good tickets are still in flight."""
    breaker = Breaker(0.5, 50, pytest.fail)
    dealt = random.Random(2)
    for _ in range(3_000):
        number = breaker.begin()
        if dealt.random() < 0.35:
            assert breaker.admits(number, "not_json")


def test_refusals_count_however_many_other_calls_are_in_flight() -> None:
    """More calls in flight than the span is wide, and every one ends in a dead letter."""
    reasons: list[str] = []
    breaker = Breaker(0.5, 50, reasons.append)
    in_flight = [breaker.begin() for _ in range(2_000)]
    random.Random(3).shuffle(in_flight)
    for number in in_flight:
        breaker.admits(number, "invalid_request_error")
    assert breaker.open
    assert len(reasons) == 1


def test_open_is_for_good() -> None:
    scene = Scene(least=1, share=0.1)
    assert not scene.ticket("not_json")
    for _ in range(1_000):
        scene.ticket()
    assert not scene.ticket("not_json")
    assert len(scene.reasons) == 1


@given(
    st.lists(st.booleans(), max_size=300),
    st.sampled_from([0.2, 0.5, 0.8]),
    st.integers(1, 12),
)
def test_in_order_it_is_a_sliding_window(bad: list[bool], share: float, least: int) -> None:
    scene = Scene(share, least)
    for n, is_bad in enumerate(bad, start=1):
        window = bad[max(0, n - scene.breaker.span) : n]
        scene.ticket("x" if is_bad else None)
        over = sum(window) >= least and sum(window) > share * len(window)
        assert scene.breaker.open == (over and is_bad)
        if scene.breaker.open:
            return
