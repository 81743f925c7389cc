import pytest

from streams.audit.live import SPEED_SECONDS, Speed


def test_at_the_first_look_no_speed_is_known() -> None:
    assert Speed().add(100.0, {"billing": 5}) == {}


def test_the_speed_is_that_of_the_last_seconds() -> None:
    speed = Speed()
    for second in range(30):
        found = speed.add(float(second), {"billing": 10 * second})
    assert found == {"billing": pytest.approx(10)}
    for second in range(30, 60):
        found = speed.add(float(second), {"billing": 300, "new": 2})
    assert found == {"billing": 0, "new": 0}


def test_a_new_category_begins_at_nothing() -> None:
    speed = Speed()
    speed.add(0.0, {})
    assert speed.add(SPEED_SECONDS / 2, {"new": 10}) == {"new": 2.0}
