import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.evaluate.judged import DEAD_LETTER
from streams.evaluate.metrics import Score, accuracy, confusion, macro_f1, scores, wilson
from tests.evaluate.scene import NAMES, judged, said

# Worked by hand: billing 2 of 3 right, technical 1 of 2 right, one of each taken for the other.
FIVE = [
    judged("billing", said("billing")),
    judged("billing", said("billing")),
    judged("billing", said("technical")),
    judged("technical", said("technical")),
    judged("technical", said("billing")),
]

pairs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1)


def test_accuracy_is_the_share_that_is_right() -> None:
    assert accuracy(FIVE) == 3 / 5


def test_precision_recall_and_f1_of_a_category() -> None:
    billing, technical = scores(FIVE, ["billing", "technical"])
    assert (billing.expected, billing.given, billing.right) == (3, 3, 2)
    assert billing.precision == billing.recall == pytest.approx(2 / 3)
    assert (technical.precision, technical.recall, technical.f1) == (0.5, 0.5, 0.5)


def test_a_quotient_of_nothing_is_none() -> None:
    (account,) = scores(FIVE, ["account"])
    assert (account.precision, account.recall, account.f1) == (None, None, None)


def test_macro_f1_counts_each_category_with_tickets_once() -> None:
    found = [Score("a", 90, 90, 90), Score("b", 10, 10, 5), Score("c", 0, 0, 0)]
    assert macro_f1(found) == 0.75
    assert macro_f1([*found, Score("never expected", 0, 7, 0)]) == 0.75
    assert macro_f1([]) == 0.0


def test_a_dead_letter_is_wrong_whatever_was_expected() -> None:
    lost = judged("unknown", None, category=DEAD_LETTER)
    assert accuracy([lost]) == 0.0
    assert confusion([lost]) == {("unknown", DEAD_LETTER): 1}


def test_wilsons_interval_is_the_published_one() -> None:
    # R: binom::binom.confint(8, 10, methods = "wilson")
    assert wilson(8, 10) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)
    assert wilson(0, 10)[0] == pytest.approx(0.0)
    assert wilson(10, 10)[1] == pytest.approx(1.0)


@given(pairs)
def test_the_parts_agree_with_the_whole(tickets: list[tuple[str, str]]) -> None:
    all_judged = [judged(expected, said(went)) for expected, went in tickets]
    found = scores(all_judged, NAMES)
    assert sum(score.expected for score in found) == len(tickets)
    assert sum(score.given for score in found) == len(tickets)
    assert sum(score.right for score in found) / len(tickets) == accuracy(all_judged)
    assert 0 <= macro_f1(found) <= 1
    low, high = wilson(sum(one.right for one in all_judged), len(tickets))
    assert 0 <= low <= accuracy(all_judged) + 1e-9
    assert accuracy(all_judged) - 1e-9 <= high <= 1
