"""Ordered release, for any order of results."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.key_order import KeyOrder

keys = st.none() | st.sampled_from([b"", b"a", b"b", b"c"])


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, bytes | None, int]]:
    """Events that come, and their results in any order, mixed."""
    events = list(enumerate(draw(st.lists(keys, max_size=30))))
    history: list[tuple[str, bytes | None, int]] = []
    in_hand: list[tuple[bytes | None, int]] = []
    while events or in_hand:
        if events and (not in_hand or draw(st.booleans())):
            offset, key = events.pop(0)
            history.append(("add", key, offset))
            in_hand.append((key, offset))
        else:
            key, offset = in_hand.pop(draw(st.integers(0, len(in_hand) - 1)))
            history.append(("done", key, offset))
    return history


@given(histories())
def test_every_event_leaves_once_and_in_the_order_of_its_key(
    history: list[tuple[str, bytes | None, int]],
) -> None:
    order = KeyOrder()
    key_of = {offset: key for _, key, offset in history}
    done: set[int] = set()
    left: list[int] = []
    for what, key, offset in history:
        if what == "add":
            order.add(key, offset)
            continue
        done.add(offset)
        free = order.done(key, offset)
        assert all(key_of[leaving] == key for leaving in free)
        assert set(free) <= done
        left += free
        if key is None:
            assert free == [offset]
        # Nothing waits that need not: what is left behind stands behind an open one of its key.
        for waiting in done - set(left):
            assert any(
                key_of[o] == key_of[waiting] and o < waiting and o not in done for o in key_of
            )
    assert sorted(left) == sorted(key_of)
    by_key: dict[bytes | None, list[int]] = defaultdict(list)
    for offset in left:
        if key_of[offset] is not None:
            by_key[key_of[offset]].append(offset)
    assert all(line == sorted(line) for line in by_key.values())
    assert not order._waiting
    assert not order._known


@given(histories())
def test_switched_off_nothing_waits(history: list[tuple[str, bytes | None, int]]) -> None:
    order = KeyOrder(enabled=False)
    for what, key, offset in history:
        if what == "add":
            order.add(key, offset)
        else:
            assert order.done(key, offset) == [offset]
