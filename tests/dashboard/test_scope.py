import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.dashboard.scope import MOST_STEPS, WINDOWS, Scope

SIZES = (60, 600, 3_600)
NOW = 1_763_715_650.5


@pytest.mark.parametrize(
    ("window", "size", "steps"),
    [("15m", 60, 16), ("1h", 60, 61), ("24h", 600, 145), ("7d", 3_600, 169)],
)
def test_each_window_ends_with_the_step_that_runs(window: str, size: int, steps: int) -> None:
    found = Scope.parse({"window": window}).steps(NOW, SIZES)
    assert found.size == size
    assert found.end - size <= NOW < found.end
    assert found.first <= NOW - WINDOWS[window] + 1
    assert (found.end - found.first) // size in (steps - 1, steps)


@given(st.integers(0, 2**31), st.integers(300, 2**31))
def test_a_fixed_time_has_few_enough_steps_on_their_grid(first: int, length: int) -> None:
    scope = Scope.parse({"from": str(first), "to": str(first + length)})
    steps = scope.steps(NOW, SIZES)
    assert 0 < (steps.end - steps.first) // steps.size <= MOST_STEPS
    assert steps.first % steps.size == steps.end % steps.size == 0
    assert steps.end >= first + length


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"window": "2h"}, "window"),
        ({"from": "5"}, "to"),
        ({"from": "-5", "to": "900"}, "from"),
        ({"from": "0", "to": "60"}, "from, to"),
        ({"category": "x" * 301}, "category"),
        ({"from": "9" * 12, "to": "1"}, "from"),
    ],
)
def test_a_wrong_parameter_is_named(query: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}:"):
        Scope.parse(query)


def test_filters_hold_what_they_name() -> None:
    scope = Scope.parse({"category": "billing", "model": ""})
    assert scope.holds("any", "billing")
    assert not scope.holds("any", "account")
    assert not Scope.parse({"model": "haiku"}).holds("sonnet", "billing")
