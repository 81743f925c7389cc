"""Skipped events are counted by the minute of their transaction."""

from streams.audit.skips import Skips
from streams.events.model import SkippedEvents, SkippedRun
from streams.events.wire import encode_skipped

NOON = 20_000 * 86_400 + 43_200


def skips(*events: tuple[float, int]) -> Skips:
    """Of events so many seconds after noon, a record each."""
    found = Skips()
    for seconds, count in events:
        run = SkippedRun(7, 6 + count, "filtered")
        at = round((NOON + seconds) * 1000)
        found.take(encode_skipped(SkippedEvents("tickets", 0, at, [run])))
    return found


def test_each_offset_of_each_run_counts() -> None:
    runs = [SkippedRun(0, 0, "filtered"), SkippedRun(2, 4, "tombstone")]
    found = Skips()
    found.take(encode_skipped(SkippedEvents("tickets", 0, NOON * 1000, runs)))
    assert found.within(0) == 4


def test_a_minute_counts_where_it_begins_in_the_range() -> None:
    found = skips((-1, 1), (0, 20), (59.9, 300), (60, 4000))
    assert found.within(NOON) == 4320
    assert found.within(NOON, NOON + 60) == 320
    assert found.within(0, NOON) == 1


def test_what_cannot_be_read_is_left_to_verify() -> None:
    found = Skips()
    found.take(None)
    found.take(b"no record of ours")
    assert found.within(0) == 0
