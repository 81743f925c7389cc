"""The ack window against a model so simple that it cannot be wrong."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streams.delivery.ack_window import AckWindow


class AnyInterleaving(RuleBasedStateMachine):
    """Events are read, transactions finish some of those in hand, and one in five aborts."""

    def __init__(self) -> None:
        super().__init__()
        self.window = AckWindow()
        self.next = 0
        self.read: list[int] = []
        self.finished: set[int] = set()
        self.committed = 0

    @rule(gap=st.integers(0, 5))
    def reads(self, gap: int) -> None:
        offset = self.next + gap
        self.window.add(offset)
        self.read.append(offset)
        self.next = offset + 1

    @precondition(lambda self: len(self.finished) < len(self.read))
    @rule(data=st.data(), aborts=st.integers(0, 4).map(lambda n: n == 0))
    def commits(self, data: st.DataObject, aborts: bool) -> None:
        left = [offset for offset in self.read if offset not in self.finished]
        finishing = data.draw(st.sets(st.sampled_from(left), min_size=0))
        offset = self.window.committable(finishing)
        if offset is not None:
            assert all(o in self.finished | finishing for o in self.read if o < offset)
            assert offset - 1 in self.read
            assert offset > self.committed
        # As far as possible: what stands first is finished by this, and nothing else holds it up.
        unfinished = [o for o in self.read if o not in self.finished | finishing]
        in_hand = [o for o in self.read if o >= self.committed]
        run = [o for o in in_hand if not unfinished or o < unfinished[0]]
        assert offset == (run[-1] + 1 if run else None)
        if not aborts:
            self.window.finish(finishing)
            self.finished |= finishing
            self.committed = offset or self.committed

    @rule(back=st.integers(0, 10))
    def never_goes_back(self, back: int) -> None:
        if self.read:
            with pytest.raises(ValueError, match="after"):
                self.window.add(max(0, self.read[-1] - back))

    @invariant()
    def holds_from_the_oldest_unfinished_on(self) -> None:
        unfinished = [o for o in self.read if o not in self.finished]
        oldest = unfinished[0] if unfinished else self.next
        assert len(self.window) == sum(offset >= oldest for offset in self.read)

    def teardown(self) -> None:
        left = {offset for offset in self.read if offset not in self.finished}
        end = self.window.committable(left)
        self.window.finish(left)
        if left:
            assert end == self.read[-1] + 1
        assert len(self.window) == 0
        assert not self.window._finished  # nothing is remembered for ever


TestAnyInterleaving = AnyInterleaving.TestCase


def test_an_unfinished_event_holds_up_all_after_it() -> None:
    window = AckWindow()
    for offset in (10, 11, 15):
        window.add(offset)
    assert window.committable({11, 15}) is None
    window.finish({11, 15})
    assert window.committable(()) is None
    assert window.committable({10}) == 16
    assert len(window) == 3  # not before its transaction is committed
    window.finish({10})
    assert len(window) == 0
    assert window.committable(()) is None
