from hypothesis import given
from hypothesis import strategies as st

from streams.evaluate.plot import Axis, Plot, percent


@given(st.floats(0, 1e6), st.floats(1e-6, 1e6), st.integers(2, 10))
def test_ticks_are_in_range_and_few(low: float, size: float, most: int) -> None:
    axis = Axis(low, low + size, str)
    ticks = axis.ticks(most)
    assert ticks == sorted(ticks)
    assert len(ticks) <= most + 1
    room = 1e-6 * (size + low)
    assert all(low - room <= value <= low + size + room for value in ticks)


def test_ticks_are_round() -> None:
    assert [percent(value) for value in Axis(0.81, 0.9, percent).ticks(5)] == [
        "82%", "84%", "86%", "88%", "90%",
    ]  # fmt: skip


def test_values_are_put_where_they_belong() -> None:
    plot = Plot(10, 20, 100, 50, Axis(0, 1, str), Axis(0, 2, str))
    assert plot.at((0, 0)) == (10, 70)
    assert plot.at((1, 2)) == (110, 20)
    assert plot.at((0.5, 1)) == (60, 45)
