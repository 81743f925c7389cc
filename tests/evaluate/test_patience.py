from streams.evaluate.patience import FIRST_FAILURES, LONGEST_SILENCE_MS, Patience
from streams.events.model import CallRecord


def call(ended_at: int, status: int | None) -> CallRecord:
    return CallRecord(
        "c", 0, ended_at, "first", "m", "m", "v", 1, "timeout" if status is None else "ok",
        status, None, 0, 0, 0, 0, 0, 0, 0, "-", 0, (),
    )  # fmt: skip


def test_some_failures_before_the_first_answer_are_enough() -> None:
    patience = Patience()
    said = [patience.lost(call(at, None)) for at in range(FIRST_FAILURES)]
    assert said[:-1] == [None] * (FIRST_FAILURES - 1)
    assert said[-1] == "5 calls failed and none was answered, the last timeout"


def test_after_an_answer_failures_are_borne_for_a_minute() -> None:
    patience = Patience()
    assert patience.lost(call(1_000, 200)) is None
    assert all(patience.lost(call(1_000 + at, None)) is None for at in range(100))
    assert patience.lost(call(1_000 + LONGEST_SILENCE_MS, None)) is None
    assert patience.lost(call(2_000 + LONGEST_SILENCE_MS, None)) == (
        "no call was answered for 61 s, the last failed with timeout"
    )


def test_an_answer_restores_it() -> None:
    patience = Patience()
    for at in range(0, 10 * LONGEST_SILENCE_MS, LONGEST_SILENCE_MS):
        assert patience.lost(call(at, 200)) is None
        assert patience.lost(call(at + 1, None)) is None
