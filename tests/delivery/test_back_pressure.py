"""A partition with much in hand holds up no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.back_pressure import OWN, held_back

IN_HAND = st.dictionaries(st.integers(0, 200), st.integers(0, 3_000), max_size=10)
MOST = 4_000


@given(IN_HAND, st.integers(1, 10_000))
def test_who_has_nothing_in_hand_and_who_has_less_than_one_that_is_read_are_read(
    in_hand: dict[int, int], most: int
) -> None:
    held = held_back(in_hand, most)
    read = in_hand.keys() - held
    assert all(in_hand[number] for number in held)
    if held and read:
        assert max(in_hand[number] for number in read) < min(in_hand[number] for number in held)


@given(st.integers(2, 10), st.lists(st.integers(0, 9), min_size=100, max_size=400), st.data())
def test_those_that_finish_nothing_leave_room_for_one_that_does(
    partitions: int, arriving: list[int], data: st.DataObject
) -> None:
    """Each read brings up to a hundred events of one that is read."""
    in_hand = dict.fromkeys(range(partitions), 0)
    stuck = data.draw(st.integers(1, partitions - 1))
    for who in [*arriving, *range(stuck)] * 2:
        number = who % stuck
        if number not in held_back(in_hand, MOST):
            in_hand[number] += 100
    own = MOST // (OWN * partitions)
    assert sum(in_hand.values()) + own * (partitions - stuck) <= MOST + 100 * stuck
    assert partitions - 1 not in held_back(in_hand, MOST)


def test_a_partitions_own_share_is_its_own_however_much_the_others_have() -> None:
    own = MOST // (OWN * 4)
    assert held_back({0: MOST, 1: own, 2: own - 1, 3: 0}, MOST) == {0, 1}


def test_one_alone_is_never_held_back() -> None:
    assert held_back({3: MOST}, MOST) == frozenset()
    assert held_back({}, MOST) == frozenset()


@pytest.mark.parametrize(("idle", "most"), [(1, 2_334), (7, 2_084), (127, 2_074)])
def test_one_of_several_stops_past_the_half_and_goes_on_below(idle: int, most: int) -> None:
    others = dict.fromkeys(range(1, 1 + idle), 0)
    assert held_back({0: most, **others}, MOST) == {0}
    assert held_back({0: most - 1, **others}, MOST) == frozenset()


def test_where_all_are_full_none_is_read() -> None:
    assert held_back(dict.fromkeys(range(4), 1_000), MOST) == set(range(4))
