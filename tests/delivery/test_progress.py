"""Where a partition begins: what the group's offset and the done rows say together. No Kafka."""

from collections.abc import Iterable

import pytest
from aiokafka.structs import OffsetAndMetadata
from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.progress import NOTHING, Commit, Progress, commit_of, metadata_of, stamped
from streams.delivery.records import Record
from streams.events.model import Done
from streams.events.wire import decode_done

ID = "abc"


def progress(rows: Iterable[tuple[int, bool, int]], topic_id: str = ID) -> Progress:
    """From offset, released, and what the row's transaction committed."""
    found = Progress(ID)
    for offset, released, committed in rows:
        found.take(Done(offset, released), [Commit(topic_id, committed).header])
    return found


def ours(offset: int, topic_id: str = ID) -> OffsetAndMetadata:
    return OffsetAndMetadata(offset, metadata_of(topic_id))


def by_a_tool(offset: int, metadata: str = "") -> OffsetAndMetadata:
    return OffsetAndMetadata(offset, metadata)


ROWS = [(0, True, 1), (3, False, NOTHING), (1, True, 2), (5, True, NOTHING), (2, True, 3)]


def test_nothing_at_all_is_the_beginning() -> None:
    assert Progress(ID).begin(None) == (0, False)


def test_our_own_offset_is_taken_and_all_rows_stay() -> None:
    found = progress(ROWS)
    assert found.begin(ours(3)) == (3, False)
    assert found.done.keys() == {0, 1, 2, 3, 5}


def test_a_reset_backwards_forgets_what_is_released_below_our_last_commit() -> None:
    found = progress(ROWS)
    assert found.begin(by_a_tool(1)) == (1, True)
    assert found.done.keys() == {3, 5}


def test_after_a_reset_a_restart_forgets_the_same_and_not_what_was_done_since() -> None:
    # The mark of the reset to 0, then ticket 1 is done again, before the first commit.
    found = progress([*ROWS, (-1, False, 0), (1, True, NOTHING)])
    assert found.begin(by_a_tool(0)) == (0, False)
    assert found.done.keys() == {1, 3, 5}


def test_what_is_paid_and_not_out_is_never_forgotten() -> None:
    found = progress([(0, False, NOTHING), (7, True, 9)])
    assert found.begin(by_a_tool(0)) == (0, True)
    assert found.done.keys() == {0}


def test_a_reset_forwards_is_taken() -> None:
    assert progress(ROWS).begin(by_a_tool(40)) == (40, False)


def test_an_offset_with_somebody_elses_metadata_is_taken() -> None:
    assert progress(ROWS).begin(by_a_tool(3, "by the night shift")) == (3, False)


def test_rows_and_offset_of_another_topic_are_left_out() -> None:
    found = progress(ROWS, topic_id="old")
    assert found.done == {}
    assert found.begin(ours(3, "old")) == (0, True)
    assert found.begin(None) == (0, False)


def test_an_offset_that_kafka_forgot_is_known_from_the_rows() -> None:
    found = progress(ROWS)
    assert found.begin(None) == (3, True)
    assert found.done.keys() == {0, 1, 2, 3, 5}


def test_without_ids_nothing_is_compared() -> None:
    found = Progress("")
    found.take(Done(4, True), [Commit("old", 5).header])
    assert found.begin(ours(5, "old")) == (5, False)
    assert found.done.keys() == {4}


def test_rows_of_a_version_without_stamps_count() -> None:
    found = Progress(ID)
    found.take(Done(4, True), ())
    assert found.begin(by_a_tool(2)) == (2, False)
    assert found.done.keys() == {4}


@pytest.mark.parametrize("commit", [Commit(ID, 7), Commit(ID), Commit("", 0)])
def test_a_stamp_is_read_as_it_was_written(commit: Commit) -> None:
    assert commit_of([("other", b"x"), commit.header]) == commit


@given(rows=st.integers(0, 3), others=st.integers(0, 3), offset=st.integers(-1, 5))
def test_each_commit_is_told_by_a_row_and_only_rows_are_stamped(
    rows: int, others: int, offset: int
) -> None:
    records = [Record("done", 0, b"k", b"v")] * rows + [Record("out", 0, b"k", b"v")] * others
    found = list(stamped(records, "done", 0, Commit(ID, offset)))
    told = [commit_of(record.headers) for record in found if record.topic == "done"]
    assert set(told) <= {Commit(ID, offset)}
    assert len(told) == max(rows, offset != NOTHING)
    assert all(record.headers == () for record in found if record.topic == "out")
    if rows == 0 and told:
        value = found[-1].value
        assert value is not None
        assert decode_done(value).source_offset == -1
