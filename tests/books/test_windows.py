"""Windows: each one moves into the hour and the day in which it begins, and no earlier than due."""

from itertools import pairwise

import pytest
from faust.windows import TumblingWindow
from hypothesis import given
from hypothesis import strategies as st

from streams.books.windows import DAY, HOUR, Retention, Window

sizes = st.sampled_from([1, 7, 60, 300, 900, HOUR, 2 * HOUR, DAY])
times = st.floats(0, 4e9)


@given(sizes, times)
def test_a_window_is_told_as_faust_tells_it(size: int, at: float) -> None:
    span = TumblingWindow(size).current(at)
    window = Window.of(tuple(span))
    assert window == (at - at % size, size) or span[0] == pytest.approx(at - at % size)
    assert window.span == tuple(span)


@given(sizes, times)
def test_every_window_ends_up_in_the_day_in_which_it_begins(size: int, at: float) -> None:
    window = Window(at - at % size, size)
    passed = [window]
    while (larger := passed[-1].larger) is not None:
        passed.append(larger)
    for inner, outer in pairwise(passed):
        assert inner.size < outer.size
        assert outer.start <= inner.start < outer.end
    assert passed[-1] == Window(window.start - window.start % DAY, max(size, DAY))
    assert len(passed) <= 3


def test_an_hour_is_between_a_short_window_and_its_day() -> None:
    minute = Window(2 * DAY + 3 * HOUR + 120, 60)
    hour = Window(2 * DAY + 3 * HOUR, HOUR)
    assert minute.larger == hour
    assert hour.larger == Window(2 * DAY, DAY)
    assert Window(2 * DAY, DAY).larger is None


@pytest.mark.parametrize(
    ("size", "kept"), [(60, 1), (1_800, 1), (HOUR, 2), (2 * HOUR, 2), (DAY, 3)]
)
def test_how_long_a_row_stays_goes_by_the_size_of_its_window(size: int, kept: int) -> None:
    assert Retention(1, 2, 3).due(Window(0, size)) == size + kept
