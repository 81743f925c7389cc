from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.audit.days import Days
from tests.audit.calls import ms

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [UTC, BERLIN, ZoneInfo("America/St_Johns"), ZoneInfo("Asia/Kathmandu")]


@pytest.mark.parametrize("zone", ZONES)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
def test_an_instant_lies_within_its_day_and_month(zone: ZoneInfo, at: datetime) -> None:
    at, days = at.replace(tzinfo=UTC), Days(zone)
    day = days.of(ms(at))
    assert day is not None
    assert days.start(day) <= at < days.end(day)
    first, end = days.month(day)
    assert first <= days.start(day) < days.end(day) <= end
    assert days.of(ms(end)) == (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def test_days_elsewhere_begin_elsewhen() -> None:
    late = ms(datetime(2026, 11, 21, 23, 30, tzinfo=UTC))
    assert Days().of(late) == date(2026, 11, 21)
    assert Days(BERLIN).of(late) == date(2026, 11, 22)


def test_a_day_may_have_25_hours() -> None:
    days, day = Days(BERLIN), date(2026, 10, 25)
    assert days.end(day) - days.start(day) == timedelta(hours=25)


def test_only_the_days_that_are_asked_for() -> None:
    days = Days(first=date(2026, 11, 20), last=date(2026, 11, 21))
    found = [days.of(ms(datetime(2026, 11, n, tzinfo=UTC))) for n in (19, 20, 21, 22)]
    assert found == [None, date(2026, 11, 20), date(2026, 11, 21), None]
