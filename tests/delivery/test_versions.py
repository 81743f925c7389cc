from collections import deque

from streams.classify.triage import Lane
from streams.delivery.versions import Versions
from streams.delivery.work import Work
from streams.events.model import Ticket
from tests.delivery.events import classification, work

LANE = Lane("first", 25)


class Scene:
    def __init__(self, *, enabled: bool = True) -> None:
        self.versions = Versions(enabled=enabled)
        self.waiting: dict[Lane, deque[Work]] = {}

    def come(
        self, offset: int, ticket_id: str = "t1", lane: Lane = LANE
    ) -> tuple[Work, Work | None]:
        """As Intake does it: takes a place, or waits."""
        item = work(offset, ticket=Ticket(ticket_id, f"version {offset}"))
        item.lane = lane
        older = self.versions.take_place(self.waiting, item)
        if older is None:
            self.waiting.setdefault(lane, deque()).append(item)
        return item, older


def test_the_last_version_takes_the_place_of_the_one_that_waits() -> None:
    scene = Scene()
    first, _ = scene.come(1)
    other, _ = scene.come(2, "t2")
    second, older = scene.come(3)
    assert older is first
    assert list(scene.waiting[LANE]) == [second, other]
    third, older = scene.come(4)
    assert older is second
    assert list(scene.waiting[LANE]) == [third, other]


def test_a_version_in_a_call_is_left_alone() -> None:
    scene = Scene()
    first, _ = scene.come(1)
    scene.waiting[LANE].popleft()
    second, older = scene.come(2)
    assert older is None
    assert list(scene.waiting[LANE]) == [second]
    assert first.result is None


def test_a_version_that_was_paid_for_is_left_alone() -> None:
    scene = Scene()
    first, _ = scene.come(1)
    first.attempts, first.so_far = 1, classification()
    assert scene.come(2)[1] is None


def test_a_version_of_another_lane_is_left_alone() -> None:
    scene = Scene()
    scene.come(1)
    assert scene.come(2, lane=Lane("first", 1))[1] is None


def test_nothing_is_kept_of_what_is_finished() -> None:
    scene = Scene()
    first, _ = scene.come(1)
    second, _ = scene.come(2)
    scene.versions.forget(first)  # a later one is there
    assert scene.come(3)[1] is second
    scene.versions.forget(second)
    last, _ = scene.come(4)
    scene.versions.forget(last)
    assert scene.versions._last == {}


def test_by_default_each_version_is_asked_about() -> None:
    scene = Scene(enabled=False)
    scene.come(1)
    assert scene.come(2)[1] is None
    assert len(scene.waiting[LANE]) == 2
    assert scene.versions._last == {}
