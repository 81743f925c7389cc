"""What was unsettled is taken back exactly, and once."""

from dataclasses import replace

from streams.audit.records import Called
from streams.audit.settling import Settling
from streams.books.closing import settled, written_off
from streams.events.model import CallRecord
from tests.delivery.test_intents import intent


def culprits(*calls: CallRecord, complete: bool = True) -> tuple[str, ...]:
    settling = Settling()
    for offset, call in enumerate(calls):
        settling.add(Called(f"calls[3]@{offset}", call))
    return settling.check(complete=complete).culprits


CALL = intent("a")  # 77 pico-dollars at most


def test_a_call_that_is_closed_once_is_right_whichever_record_is_read_first() -> None:
    assert culprits(CALL, written_off(CALL)) == ()
    assert culprits(settled(CALL, 77), CALL) == ()


def test_a_call_that_is_closed_again_is_named() -> None:
    assert culprits(CALL, written_off(CALL), settled(CALL, 1)) == ("calls[3]@2: a is closed again",)


def test_more_than_the_bound_is_named() -> None:
    assert culprits(CALL, settled(CALL, 78)) == (
        "calls[3]@1: 78 pico-dollars where 77 are the most",
    )


def test_a_bound_that_is_not_taken_back_exactly_is_named() -> None:
    off = replace(written_off(CALL), unsettled_picodollars=-76)
    assert culprits(CALL, off) == (
        "calls[3]@1: takes 76 pico-dollars back where 77 were unsettled",
    )


def test_the_end_of_a_call_that_is_not_there_is_named_unless_it_may_be_gone() -> None:
    assert culprits(written_off(CALL)) == ("calls[3]@0: there is no unsettled call a",)
    assert culprits(written_off(CALL), complete=False) == ()
