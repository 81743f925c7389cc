from benchmarks.guard.compare import Counted, Figures, compare


def counted(calibration: float = 1_000.0, **instructions: float) -> Counted:
    figures: Figures = {part: {"instructions": n} for part, n in instructions.items()}
    return Counted(calibration, {"25": figures})


def test_the_same_is_no_change() -> None:
    verdict = compare(counted(decode=300, rows=700), counted(decode=300, rows=700))
    assert not verdict.too_much
    assert not verdict.grown


def test_a_ticket_may_take_15_percent_more_and_not_16() -> None:
    before = counted(decode=300, rows=700)
    assert not compare(before, counted(decode=300, rows=850)).too_much
    (change,) = compare(before, counted(decode=300, rows=860)).too_much
    assert (change.group, change.figure, change.before, change.now) == (
        "25",
        "instructions",
        1000,
        1160,
    )


def test_the_parts_that_grew_are_named_the_largest_growth_first() -> None:
    verdict = compare(
        counted(decode=300, rows=700, encode=100), counted(decode=350, rows=900, encode=50)
    )
    assert [change.part for change in verdict.grown] == ["rows", "decode"]


def test_a_part_of_which_the_baseline_knows_nothing_is_told() -> None:
    (change,) = compare(counted(decode=300), counted(decode=300, guess=20)).grown
    assert change.part == "guess"


def test_an_interpreter_that_counts_everything_twice_changes_nothing() -> None:
    verdict = compare(counted(1_000, decode=300), counted(2_000, decode=600))
    assert not verdict.too_much
    assert not verdict.grown
