from streams.doctor.clock import Stamp, check_api_date, check_stamps
from tests.doctor.scene import only

NOW = 1_800_000_000_000


def test_clocks_that_agree_are_ok() -> None:
    assert only([*check_stamps([Stamp(NOW - 900, NOW - 100)], NOW)]).level == "ok"
    assert check_api_date(1.4).level == "ok"


def test_a_record_from_the_future_tells_of_a_slow_clock_here() -> None:
    finding = only([*check_stamps([Stamp(NOW, NOW + 60_000)], NOW)])
    assert finding.level == "warn"
    assert "this machine's clock is 60 s or more behind the brokers'" in finding.message


def test_a_call_that_ended_after_its_record_tells_of_a_fast_worker() -> None:
    finding = only([*check_stamps([Stamp(NOW + 600_000, NOW)], NOW)])
    assert finding.level == "wrong"
    assert "a worker's clock is 600 s or more ahead" in finding.message


def test_without_a_call_it_says_that_it_sees_nothing() -> None:
    assert only([*check_stamps([], NOW)]).level == "note"


def test_the_apis_date_is_compared_both_ways() -> None:
    assert "60 s behind the API's" in check_api_date(60).message
    finding = check_api_date(-600)
    assert (finding.level, "600 s ahead of the API's" in finding.message) == ("wrong", True)
