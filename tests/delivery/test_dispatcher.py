"""Who is classified next."""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.classify.triage import CallTier, Lane
from streams.claude.budget_guard import SOON, Word
from streams.claude.pace import Unpaced
from streams.delivery.dispatcher import Dispatcher
from streams.delivery.shares import ESCALATION_SLOTS
from streams.delivery.work import Work
from tests.delivery.events import work

ALONE = Lane("first", 1)
Ticket = tuple[int, int]
"""Number of the partition, and offset."""


def ticket_of(item: Work) -> Ticket:
    return item.source.partition, item.source.offset


class Partition:
    """What the dispatcher needs of a partition."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.waiting: dict[Lane, deque[Work]] = {}
        self.calls: set[asyncio.Future[Any]] = set()
        self.closed = False


class Paced(Unpaced):
    """A pace that the test sets."""

    seconds = 0.0
    most = 100

    def wait(self, tier: CallTier) -> float:
        return self.seconds

    def group(self, tier: CallTier, most: int) -> int:
        return min(self.most, most)


class Scene:
    """A dispatcher whose calls end when told."""

    def __init__(self, slots: int, most_tokens: int = 1_000_000) -> None:
        self.calls: list[list[Ticket]] = []
        self.ends: dict[Ticket, asyncio.Event] = {}
        self.again: dict[Ticket, Lane] = {}
        self.running = self.most = 0
        self.complaints: list[str] = []
        self.error: Exception | None = None
        self.uncommitted: Counter[Partition] = Counter()
        self.pace = Paced()
        self.words: dict[Ticket, Word] = {}
        self.asked: list[Ticket] = []
        self.dismissed: list[Ticket] = []
        self.dispatcher: Dispatcher[Partition] = Dispatcher(
            slots,
            self._run,
            self.uncommitted,
            self.pace,
            most_tokens=most_tokens,
            admit=self._admit,
            dismiss=lambda works: self.dismissed.extend(map(ticket_of, works)),
            fail=self.complaints.append,
        )

    def _admit(self, partition: Partition, item: Work) -> Word:
        del partition
        self.asked.append(ticket_of(item))
        return self.words.get(ticket_of(item), "go")

    @property
    def began(self) -> list[Ticket]:
        """The first ticket of each call."""
        return [tickets[0] for tickets in self.calls]

    async def _run(self, partition: Any, lane: Lane, works: Sequence[Work]) -> Sequence[Work]:
        tickets = [(partition.number, item.source.offset) for item in works]
        assert all(item.lane == lane for item in works)
        self.calls.append(tickets)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.ends.setdefault(tickets[0], asyncio.Event()).wait()
            if self.error:
                raise self.error
        finally:
            self.running -= 1
        back = [item for item, ticket in zip(works, tickets, strict=True) if ticket in self.again]
        for item in back:
            item.lane = self.again.pop((partition.number, item.source.offset))
            self.ends.pop((partition.number, item.source.offset), None)
        return back

    def submit(
        self, partition: Partition, offset: int, lane: Lane = ALONE, *, bound: int = 10
    ) -> None:
        item = work(offset, partition=partition.number)
        item.lane, item.bound = lane, bound
        self.dispatcher.submit(partition, item)

    async def settle(self) -> None:
        for _ in range(8):
            await asyncio.sleep(0)

    async def end(self, ticket: Ticket) -> None:
        self.ends[ticket].set()
        await self.settle()


async def test_a_free_slot_takes_what_waits_at_once_and_no_more_than_there_are() -> None:
    scene, partition = Scene(2), Partition(0)
    for offset in range(5):
        scene.submit(partition, offset)
    await scene.settle()
    assert scene.began == [(0, 0), (0, 1)]
    assert scene.dispatcher.busy == 2
    await scene.end((0, 1))
    assert scene.began[2:] == [(0, 2)]
    for offset in (0, 2, 3, 4):
        await scene.end((0, offset))
    assert scene.began == [(0, offset) for offset in range(5)]
    assert (scene.most, scene.dispatcher.busy, partition.calls) == (2, 0, set())


async def test_a_ticket_that_waits_alone_is_asked_about_alone_and_at_once() -> None:
    scene, partition = Scene(10), Partition(0)
    for offset in range(3):
        scene.submit(partition, offset, Lane("first", 25))
        await scene.settle()
    assert scene.calls == [[(0, 0)], [(0, 1)], [(0, 2)]]


async def test_what_comes_in_one_go_shares_a_call() -> None:
    scene, partition = Scene(10), Partition(0)
    for offset in range(7):
        scene.submit(partition, offset, Lane("first", 5))
    await scene.settle()
    assert scene.calls == [[(0, n) for n in range(5)], [(0, 5), (0, 6)]]


async def test_tickets_share_a_call_when_the_slots_are_taken() -> None:
    scene, partition = Scene(1), Partition(0)
    lane = Lane("first", 25)
    scene.submit(partition, 0, lane)
    await scene.settle()
    for offset in range(1, 41):
        scene.submit(partition, offset, lane)
        await scene.settle()
    await scene.end((0, 0))
    await scene.end((0, 1))
    assert [len(tickets) for tickets in scene.calls] == [1, 25, 15]


async def test_a_call_holds_tickets_of_one_partition_and_one_lane() -> None:
    scene, partitions = Scene(100), [Partition(0), Partition(1)]
    lanes = [Lane("first", 25), Lane("first", 5), Lane("escalation", 25)]
    for offset in range(12):
        for partition in partitions:
            scene.submit(partition, offset, lanes[offset % 3])
    await scene.settle()
    assert len(scene.calls) == 6
    for tickets in scene.calls:
        assert len({number for number, _ in tickets}) == 1
        assert len({offset % 3 for _, offset in tickets}) == 1


async def test_a_call_is_bounded_by_its_tokens_and_a_long_ticket_is_asked_about_all_the_same() -> (
    None
):
    scene, partition = Scene(100, most_tokens=1_000), Partition(0)
    for offset, bound in enumerate([400, 600, 1, 5_000, 999, 1, 1]):
        scene.submit(partition, offset, Lane("first", 25), bound=bound)
    await scene.settle()
    assert [[offset for _, offset in tickets] for tickets in scene.calls] == [
        [0, 1],
        [2],
        [3],
        [4, 5],
        [6],
    ]


async def test_partitions_take_turns() -> None:
    scene, partitions = Scene(1), [Partition(n) for n in range(3)]
    for offset in range(3):
        for more in range(2):  # the first has twice as much
            scene.submit(partitions[0], 10 * offset + more)
    for partition in partitions[1:]:
        for offset in range(2):
            scene.submit(partition, offset)
    order: list[Ticket] = []
    await scene.settle()
    while len(order) < len(scene.began):
        order.append(scene.began[-1])
        await scene.end(scene.began[-1])
    assert [number for number, _ in order] == [0, 1, 2, 0, 1, 2, 0, 0, 0, 0]
    for number in range(3):
        offsets = [offset for n, offset in order if n == number]
        assert offsets == sorted(offsets)


async def test_a_partition_whose_calls_take_for_ever_does_not_hold_up_the_others() -> None:
    scene, partitions = Scene(6), [Partition(n) for n in range(3)]
    for offset in range(20):
        for partition in partitions:
            scene.submit(partition, offset)
    await scene.settle()
    ended: set[Ticket] = set()
    while left := [t for t in scene.began if t[0] != 0 and t not in ended]:
        ended.add(left[0])
        await scene.end(left[0])
    assert len(ended) == 40
    assert [number for number, _ in scene.began[:6]] == [0, 1, 2] * 2
    # While both others had tickets it had its two slots, and no more.
    assert sum(number == 0 for number, _ in scene.began[:40]) == 2


async def test_a_partition_that_cannot_commit_does_not_hold_up_the_others() -> None:
    scene, stuck, other = Scene(6), Partition(0), Partition(1)
    for offset in range(30):
        scene.submit(stuck, offset)
    await scene.settle()
    while running := [t for t in scene.began if not scene.ends[t].is_set()]:
        scene.uncommitted[stuck] += 1
        await scene.end(running[0])
    assert len(scene.began) < 12  # twice the slots: some are left
    for offset in range(5):
        scene.submit(other, offset)
        await scene.settle()
        assert scene.began[-1] == (1, offset)
        await scene.end((1, offset))
    scene.uncommitted.clear()
    scene.dispatcher.fill()
    await scene.settle()
    assert scene.dispatcher.busy == 6


async def test_the_escalation_never_takes_all_slots() -> None:
    """Its model may be away for hours; the first tier goes on."""
    scene, partition = Scene(30), Partition(0)
    for offset in range(50):
        scene.submit(partition, offset, Lane("escalation", 1))
    await scene.settle()
    assert len(scene.calls) == 30 // ESCALATION_SLOTS
    for offset in range(50, 100):
        scene.submit(partition, offset)
    await scene.settle()
    assert scene.dispatcher.busy == 30
    assert sum(offset >= 50 for _, offset in scene.began) == 27


async def test_tickets_that_must_wait_again_wait_in_their_new_lane() -> None:
    scene, partition = Scene(1), Partition(0)
    for offset in range(3):
        scene.submit(partition, offset, Lane("first", 25))
    scene.again = {(0, 0): ALONE, (0, 2): Lane("escalation", 25)}
    await scene.settle()
    await scene.end((0, 0))
    await scene.end((0, 0))
    await scene.end((0, 2))
    assert scene.calls == [[(0, 0), (0, 1), (0, 2)], [(0, 0)], [(0, 2)]]
    assert scene.dispatcher.busy == 0


async def test_what_waits_is_forgotten_when_the_partitions_are_given_up() -> None:
    scene, partition = Scene(1), Partition(0)
    for offset in range(4):
        scene.submit(partition, offset)
    await scene.settle()
    scene.dispatcher.clear()
    assert not partition.waiting
    await scene.end((0, 0))
    assert scene.began == [(0, 0)]
    scene.submit(partition, 9)
    await scene.settle()
    assert scene.began == [(0, 0), (0, 9)]
    await scene.end((0, 9))


async def test_nothing_waits_again_in_a_partition_that_is_given_up() -> None:
    """Else it would be paid for when calls are let through again, and nobody would book it."""
    scene, partition = Scene(1), Partition(0)
    scene.submit(partition, 0)
    scene.again = {(0, 0): ALONE}
    await scene.settle()
    partition.closed = True
    await scene.end((0, 0))
    assert scene.calls == [[(0, 0)]]
    assert not partition.waiting


async def test_what_waits_in_a_partition_that_is_given_up_is_never_begun() -> None:
    """It may have come back after the others were forgotten, while the last calls ended."""
    scene, old, new = Scene(1), Partition(0), Partition(1)
    scene.submit(old, 0)
    await scene.settle()
    scene.submit(old, 1)
    scene.submit(old, 2, Lane("first", 25))
    scene.submit(new, 3)
    await scene.settle()
    old.closed = True
    await scene.end((0, 0))
    assert scene.calls == [[(0, 0)], [(1, 3)]]
    assert not old.waiting


async def test_a_cancelled_call_gives_its_slot_back_and_is_no_complaint() -> None:
    scene, old, new = Scene(1), Partition(0), Partition(1)
    scene.submit(old, 0)
    await scene.settle()
    scene.submit(new, 0)
    for task in old.calls:
        task.cancel()
    await scene.settle()
    assert scene.began == [(0, 0), (1, 0)]
    assert scene.complaints == []
    await scene.end((1, 0))


async def test_tickets_that_are_left_without_a_result_are_told_and_not_quoted() -> None:
    scene, partition = Scene(1), Partition(0)
    scene.error = ValueError("the ticket's text")
    scene.submit(partition, 0)
    await scene.settle()
    await scene.end((0, 0))
    [complaint] = scene.complaints
    assert "ValueError" in complaint
    assert "the ticket's text" not in complaint
    assert scene.dispatcher.busy == 0


async def test_nothing_begins_while_too_much_is_paid_and_not_committed() -> None:
    scene, partition, other = Scene(2), Partition(0), Partition(1)
    scene.uncommitted[other] = 4
    scene.submit(partition, 0)
    await scene.settle()
    assert scene.began == []
    scene.uncommitted[other] = 3
    scene.dispatcher.fill()
    await scene.settle()
    assert scene.began == [(0, 0)]
    await scene.end((0, 0))


async def test_while_the_pace_makes_them_wait_tickets_gather_and_then_go_by_themselves() -> None:
    scene, partition = Scene(10), Partition(0)
    scene.pace.seconds = 0.05
    for offset in range(9):
        scene.submit(partition, offset, Lane("first", 25))
        await scene.settle()
    assert scene.calls == []
    scene.pace.seconds = 0.0
    async with asyncio.timeout(5):
        while not scene.calls:  # noqa: ASYNC110 (it has no event for it)
            await asyncio.sleep(0.01)
    assert scene.calls == [[(0, offset) for offset in range(9)]]


async def test_the_pace_may_ask_for_smaller_calls() -> None:
    scene, partition = Scene(10), Partition(0)
    scene.pace.most = 4
    for offset in range(10):
        scene.submit(partition, offset, Lane("first", 25))
    await scene.settle()
    assert [len(tickets) for tickets in scene.calls] == [4, 4, 2]


@given(
    st.integers(1, 50),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1, 5, 25])), max_size=120),
)
def test_every_ticket_is_run_once(slots: int, arriving: list[tuple[int, int]]) -> None:
    seen: list[Ticket] = []

    async def run(partition: Any, lane: Lane, works: Sequence[Work]) -> Sequence[Work]:
        assert 1 <= len(works) <= lane.group
        seen.extend((partition.number, item.source.offset) for item in works)
        for _ in range(works[0].source.offset % 4):
            await asyncio.sleep(0)
        return ()

    async def main() -> None:
        dispatcher: Dispatcher[Partition] = Dispatcher(
            slots, run, Counter(), Unpaced(), most_tokens=10_000, fail=pytest.fail
        )
        partitions = [Partition(n) for n in range(4)]
        for offset, (number, group) in enumerate(arriving):
            item = work(offset, partition=number)
            item.lane = Lane("first", group)
            dispatcher.submit(partitions[number], item)
            if offset % 7 == 0:
                await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await asyncio.sleep(0)
            while dispatcher.busy:  # noqa: ASYNC110
                await asyncio.sleep(0)

    asyncio.run(main())
    assert sorted(seen) == sorted((number, offset) for offset, (number, _) in enumerate(arriving))


async def test_a_ticket_that_is_turned_away_makes_room_for_the_next_one() -> None:
    scene, partition = Scene(1), Partition(0)
    scene.words = {(0, 0): "away", (0, 2): "away"}
    for offset in range(4):
        scene.submit(partition, offset, Lane("first", 2))
    await scene.settle()
    assert scene.calls == [[(0, 1), (0, 3)]]
    assert scene.dismissed == []
    await scene.end((0, 1))
    assert scene.dismissed == [(0, 1), (0, 3)]
    assert partition.waiting == {}


async def test_a_lane_all_of_whose_tickets_are_turned_away_needs_no_slot() -> None:
    scene, partition = Scene(1), Partition(0)
    scene.words = {(0, offset): "away" for offset in range(5)}
    for offset in range(5):
        scene.submit(partition, offset)
    await scene.settle()
    assert scene.calls == []
    assert scene.dispatcher.busy == 0
    assert partition.waiting == {}


async def test_tickets_that_come_later_hold_nobody_up_and_keep_their_order() -> None:
    scene, partition = Scene(1), Partition(0)
    scene.words = {(0, 0): "later", (0, 1): "later"}
    for offset in range(3):
        scene.submit(partition, offset)
    await scene.settle()
    assert scene.began == [(0, 2)]
    await scene.end((0, 2))
    assert scene.began == [(0, 2)]
    scene.words = {}
    await asyncio.sleep(1.5 * SOON)  # asked again by itself
    await scene.settle()
    await scene.end((0, 0))
    assert scene.began == [(0, 2), (0, 0), (0, 1)]


async def test_while_all_tickets_of_all_lanes_must_wait_each_is_asked_once_a_turn() -> None:
    scene, partitions = Scene(4), [Partition(0), Partition(1)]
    for partition in partitions:
        for offset in range(3):
            scene.words[partition.number, offset] = "later"
            scene.submit(partition, offset)
    await scene.settle()
    assert sorted(scene.asked) == sorted(scene.words)
    assert scene.calls == []
