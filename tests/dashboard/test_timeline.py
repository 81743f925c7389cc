from hypothesis import given
from hypothesis import strategies as st

from streams.dashboard.timeline import Timeline, sizes_for

changes = st.lists(
    st.tuples(
        st.integers(0, 20_000),
        st.sampled_from([("a",), ("b",)]),
        st.tuples(st.integers(-5, 5), st.integers(-5, 5)),
    )
)


@given(changes)
def test_every_size_of_step_has_the_same_sum(
    found: list[tuple[int, tuple[str], tuple[int, int]]],
) -> None:
    timeline = Timeline((60, 600, 3_600))
    for stamp, (at, key, change) in enumerate(found):
        timeline.add(at, key, change, stamp)
    expected: dict[tuple[str], list[int]] = {}
    for _, key, change in found:
        sums = expected.setdefault(key, [0, 0])
        expected[key] = [a + b for a, b in zip(sums, change, strict=True)]
    for size in timeline.sizes:
        told = timeline.total(size, 0, 21_600)
        assert {k: v for k, v in told.items() if any(v)} == {
            k: v for k, v in expected.items() if any(v)
        }


def test_only_newer_changes_are_told() -> None:
    timeline = Timeline((60,))
    timeline.add(30, ("a",), [1], stamp=1)
    timeline.add(90, ("a",), [2], stamp=2)
    assert dict(timeline.changed(60, 0, 180, since=1)) == {60: {("a",): [2]}}
    assert dict(timeline.changed(60, 0, 180, since=2)) == {}
    assert dict(timeline.changed(60, 0, 60, since=0)) == {0: {("a",): [1]}}


def test_a_step_that_became_empty_is_told_as_empty() -> None:
    timeline = Timeline((60,))
    timeline.add(30, ("a",), [3], stamp=1)
    timeline.add(30, ("a",), [-3], stamp=2)
    assert dict(timeline.changed(60, 0, 60, since=1)) == {0: {}}


def test_what_is_forgotten_takes_no_room() -> None:
    timeline = Timeline((60, 3_600))
    for at in (0, 3_600, 7_200):
        timeline.add(at, ("a",), [1], stamp=1)
    timeline.forget(7_200)
    assert dict(timeline.changed(3_600, 0, 10_800, since=0)) == {7_200: {("a",): [1]}}
    assert timeline.total(60, 0, 10_800) == {("a",): [1]}


def test_only_empty_steps_may_be_forgotten() -> None:
    timeline = Timeline((60,))
    timeline.add(0, ("a",), [1], stamp=1)
    timeline.add(60, ("a",), [1], stamp=1)
    timeline.add(60, ("a",), [-1], stamp=1)
    timeline.forget(600, empty_only=True)
    assert dict(timeline.changed(60, 0, 600, since=0)) == {0: {("a",): [1]}}


def test_no_step_is_shorter_than_a_window() -> None:
    assert sizes_for(10) == sizes_for(60) == (60, 600, 3_600)
    assert sizes_for(900) == (900, 3_600)
    assert sizes_for(86_400) == (86_400,)
