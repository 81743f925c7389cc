"""No partition takes what the others need."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.shares import Shares


class Holder:
    """A partition."""

    def __init__(self) -> None:
        self.calls = 0


class World:
    """Partitions that all have tickets waiting, and what becomes of their calls."""

    def __init__(self, slots: int, holders: int) -> None:
        self.slots = slots
        self.uncommitted: Counter[Holder] = Counter()
        self.shares: Shares[Holder] = Shares(slots, self.uncommitted)
        self.holders = [Holder() for _ in range(holders)]

    def may(self, holder: Holder, waiting: int) -> bool:
        return self.shares.room("first") and self.shares.may("first", holder, waiting)

    def begin(self, holder: Holder, waiting: int | None = None) -> bool:
        """If it may; that many wait, by default all."""
        if not self.may(holder, len(self.holders) if waiting is None else waiting):
            return False
        self.shares.begin("first", holder)
        holder.calls += 1
        return True

    def end(self, holder: Holder) -> None:
        """A call of it ends, and is paid."""
        if holder.calls:
            holder.calls -= 1
            self.shares.end("first", holder)
            self.uncommitted[holder] += 1

    def commit(self, holder: Holder) -> None:
        self.uncommitted[holder] = 0


SLOTS = st.integers(1, 60)


@given(SLOTS, st.integers(1, 20), st.lists(st.integers(0, 19), max_size=100))
def test_while_all_wait_nobody_has_more_than_an_equal_share_and_no_slot_is_free(
    slots: int, number: int, ending: Sequence[int]
) -> None:
    """However long the calls of each take: any of them may be the next to end."""
    world = World(slots, number)
    most = -(-slots // number)
    for who in (*ending, 0):
        while sum(world.begin(holder) for holder in world.holders):
            pass
        assert world.shares.busy == slots
        assert max(holder.calls for holder in world.holders) <= most
        ended = world.holders[who % number]
        world.end(ended)
        world.commit(ended)


@given(SLOTS, st.lists(st.integers(0, 12), min_size=1, max_size=20), st.data())
def test_a_free_slot_is_given_to_somebody_who_waits(
    slots: int, held: list[int], data: st.DataObject
) -> None:
    """Whoever has the others, and whoever of them waits."""
    world = World(slots, len(held))
    for holder, calls in zip(world.holders, held, strict=True):
        for _ in range(calls):
            world.begin(holder, waiting=1)
    for holder in world.holders:
        if world.shares.busy == slots:
            world.end(holder)
            world.commit(holder)
    waiting = data.draw(st.lists(st.sampled_from(world.holders), min_size=1, unique=True))
    if world.shares.busy < slots:
        assert any(world.may(holder, len(waiting)) for holder in waiting)


@given(st.integers(5, 60), st.integers(1, 4), st.lists(st.integers(0, 3), max_size=300))
def test_partitions_that_cannot_commit_leave_room_for_one_that_can(
    slots: int, stuck: int, steps: Sequence[int]
) -> None:
    world = World(slots, stuck + 1)
    *cannot, can = world.holders
    for who in (*range(stuck), *steps, *range(stuck), *[0] * 2 * slots):
        if world.begin(cannot[who % stuck], waiting=1):
            world.end(cannot[who % stuck])
    for _ in range(5):
        assert world.begin(can, waiting=2)
        world.end(can)
        world.commit(can)


@given(SLOTS, st.integers(1, 6), st.lists(st.tuples(st.integers(0, 5), st.booleans())))
def test_where_nothing_is_committed_no_more_than_twice_the_slots_is_bought(
    slots: int, number: int, steps: Sequence[tuple[int, bool]]
) -> None:
    world = World(slots, number)
    for who, ends in (*steps, *[(who, True) for who in range(number)] * 3 * slots):
        holder = world.holders[who % number]
        world.begin(holder, waiting=1)
        if ends:
            world.end(holder)
        assert world.shares.busy <= slots
        assert world.shares.busy + world.uncommitted.total() <= 2 * slots


def test_one_that_waits_alone_has_all_slots() -> None:
    world = World(10, 1)
    while world.begin(world.holders[0]):
        pass
    assert world.shares.busy == 10


def test_one_that_comes_later_gets_each_slot_that_comes_free_until_both_have_as_many() -> None:
    world = World(10, 2)
    early, late = world.holders
    while world.begin(early, waiting=1):
        pass
    for _ in range(5):
        world.end(early)
        world.commit(early)
        assert not world.begin(early) or early.calls <= 5
        assert world.begin(late)
    assert (early.calls, late.calls) == (5, 5)


def test_calls_of_the_escalation_are_shared_out_by_themselves() -> None:
    shares: Shares[Holder] = Shares(40, Counter())
    one, other = Holder(), Holder()
    for _ in range(2):
        assert shares.may("escalation", one, 2)
        shares.begin("escalation", one)
    assert not shares.may("escalation", one, 2)
    assert shares.may("first", one, 2)
    assert shares.may("escalation", other, 2)
    shares.begin("escalation", other)
    shares.begin("escalation", other)
    assert not shares.room("escalation")
    shares.end("escalation", one)
    assert shares.room("escalation")
