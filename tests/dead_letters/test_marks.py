import json

from streams.dead_letters.marks import is_marked, key_of, mark
from tests.dead_letters.records import NOW, OURS, record


def test_a_mark_is_about_one_letter() -> None:
    letter = record(OURS)
    row = mark("marks", letter, "orders")
    assert (row.partition, row.key) == (0, b"orders.dead-letter/0/7")
    assert row.value is not None
    marks = {key_of(letter): json.loads(row.value)["letter_timestamp"]}
    assert is_marked(letter, marks)
    assert not is_marked(record(OURS, offset=8), marks)
    assert not is_marked(record(OURS, partition=1), marks)


def test_a_letter_of_a_topic_made_again_is_not_taken_for_the_old_one() -> None:
    assert not is_marked(record(OURS), {"orders.dead-letter/0/7": NOW - 1})
