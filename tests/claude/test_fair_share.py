import pytest

from streams.claude.fair_share import AIM, CUT, FIRST_SHARE, FairShare
from streams.claude.rate_headers import Bucket

LIMIT = 600  # a minute: ten a second


def _hear(share: FairShare, begin: int, end: int, level: float, *, wanted: bool = True) -> None:
    """Ten answers a second tell of a bucket with ``level`` seconds of its flow."""
    for tenth in range(begin * 10, end * 10):
        share.hear(tenth / 10, Bucket(LIMIT, round(level * 10), 10.0 - level), 1.0, wanted=wanted)


def test_a_full_bucket_lets_the_share_grow_quickly_from_a_modest_one() -> None:
    share = FairShare()
    _hear(share, 0, 1, 10.0)
    assert share.rate < 3 * FIRST_SHARE * LIMIT / 60
    _hear(share, 1, 6, 10.0)
    assert share.share == 1.0


def test_a_share_that_nobody_wants_does_not_grow() -> None:
    share = FairShare()
    _hear(share, 0, 60, 10.0, wanted=False)
    assert share.share == FIRST_SHARE


def test_the_rate_falls_with_the_level_and_rises_with_it() -> None:
    share = FairShare()
    _hear(share, 0, 5, AIM)
    at_aim = share.rate
    _hear(share, 5, 6, AIM / 2)
    assert share.rate < 0.8 * at_aim
    _hear(share, 6, 7, AIM)
    assert share.rate > 0.9 * at_aim


def test_a_lower_limit_is_believed_at_once_and_a_higher_one_after_a_while() -> None:
    share = FairShare()
    _hear(share, 0, 10, AIM)
    before = share.rate
    share.hear(10.0, Bucket(LIMIT // 2, 20, 6.0), 1.0, wanted=True)
    assert share.rate < 0.6 * before
    share.hear(10.1, Bucket(LIMIT, 40, 6.0), 1.0, wanted=True)  # an older answer comes late
    assert share.rate < 0.7 * before
    for tenth in range(110, 130):
        share.hear(tenth / 10, Bucket(LIMIT, 40, 6.0), 1.0, wanted=True)
    assert share.rate > 0.8 * before


def test_a_lower_limit_tells_what_is_too_much_under_way() -> None:
    share = FairShare()
    _hear(share, 0, 10, AIM)
    # Two seconds' calls at twice the rate are under way, and the bucket is at half of the aim.
    too_much = share.hear(10.0, Bucket(LIMIT // 2, 10, 8.0), 2.0, wanted=True)
    assert too_much == pytest.approx(2.0 * LIMIT / 120 * share.share, rel=0.05)
    share = FairShare()
    _hear(share, 0, 10, 10.0)
    assert share.hear(10.0, Bucket(LIMIT // 2, 50, 0.0), 1.0, wanted=True) == 0.0  # it may be spent


def test_a_429_cuts_the_share_once_in_a_delay() -> None:
    share = FairShare()
    _hear(share, 0, 5, AIM)
    before = share.share
    share.refused(5.0, 1.0)
    share.refused(5.5, 1.0)
    assert share.share == pytest.approx(CUT * before)
    share.refused(6.0, 1.0)
    assert share.share == pytest.approx(CUT**2 * before)


def test_a_429_of_an_api_that_tells_no_limits_cuts_nothing() -> None:
    share = FairShare()
    share.refused(0.0, 1.0)
    assert share.share == FIRST_SHARE
    assert share.rate == float("inf")


def test_a_small_bucket_is_kept_half_full() -> None:
    share = FairShare()
    for tenth in range(100):
        share.hear(tenth / 10, Bucket(LIMIT, 10, 1.0), 1.0, wanted=True)  # 1 s of 2 s
    small = share.rate
    other = FairShare()
    for tenth in range(100):
        other.hear(tenth / 10, Bucket(LIMIT, 10, 9.0), 1.0, wanted=True)  # 1 s of 10 s
    assert small > 1.5 * other.rate


def test_a_bucket_that_stays_full_is_a_new_start() -> None:
    share = FairShare()
    _hear(share, 0, 5, AIM)
    _hear(share, 5, 10, 10.0)
    assert share.share == 1.0
