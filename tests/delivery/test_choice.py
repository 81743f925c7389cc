import pytest

from streams.delivery.choice import EVERY_EVENT, Choice
from tests.delivery.events import classification, work


def test_by_default_every_event_is_read() -> None:
    assert EVERY_EVENT.refuses(work()) is None
    assert EVERY_EVENT.refuses(work(value=None)) is None  # decode makes a dead letter of it


def test_tombstones_are_skipped_where_that_is_asked_for() -> None:
    assert Choice(skip_tombstones=True).refuses(work(value=None)) == "tombstone"
    assert Choice(skip_tombstones=True).refuses(work()) is None


def test_only_what_is_selected_is_read() -> None:
    choice = Choice(only={("tickets", 3, 7)})
    assert choice.refuses(work(7, partition=3)) is None
    assert choice.refuses(work(8, partition=3)) == "not_selected"
    assert choice.refuses(work(7, partition=4)) == "not_selected"
    assert Choice(only={("mail", 3, 7)}).refuses(work(7, partition=3)) == "not_selected"


@pytest.mark.parametrize("field", ["paid", "so_far"])
def test_what_was_paid_for_is_read_in_any_case(field: str) -> None:
    item = work(value=None)
    setattr(item, field, classification())
    assert Choice(skip_tombstones=True, only=()).refuses(item) is None
