"""The cap on a share of the tickets."""

from hypothesis import given
from hypothesis import strategies as st

from streams.classify.share_cap import HEAD_START, MOST_SAVED, ShareCap


@given(st.floats(0.01, 0.99), st.lists(st.booleans(), max_size=3_000))
def test_never_more_than_the_share_and_the_head_start(share: float, wanted: list[bool]) -> None:
    cap, gone = ShareCap(share), 0
    for number, wants in enumerate(wanted, start=1):
        cap.count()
        gone += wants and cap.admit()
        assert gone <= share * number + HEAD_START + 1e-6


def test_the_share_is_used_up_where_everybody_wants_to_go() -> None:
    cap, gone = ShareCap(0.1), 0
    for _ in range(10_000):
        cap.count()
        gone += cap.admit()
    assert 1_000 <= gone <= 1_000 + HEAD_START


def test_a_first_ticket_may_go() -> None:
    cap = ShareCap(0.01)
    cap.count()
    assert cap.admit()


def test_a_share_of_nothing_admits_nobody() -> None:
    cap = ShareCap(0.0)
    for _ in range(1_000):
        cap.count()
        assert not cap.admit()


def test_an_easy_time_saves_up_for_a_hard_one_but_not_for_ever() -> None:
    cap = ShareCap(0.1)
    for _ in range(1_000_000):
        cap.count()
    gone = sum(cap.admit() for _ in range(10_000))
    assert gone == MOST_SAVED


def test_a_share_of_everything_refuses_nobody() -> None:
    cap = ShareCap(1.0)
    assert all(cap.admit() for _ in range(1_000))
