from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.evaluate.curve import Point, at_threshold, curve, recommended
from streams.evaluate.judged import DEAD_LETTER, Asked, Judged
from streams.events.model import UNKNOWN
from tests.evaluate.scene import CENT, judged, said

# Three tickets, all asked about in both tiers. The second is right about all and costs ten times.
BOTH = [
    judged("billing", said("billing", 0.9), said("billing", 0.95, 10 * CENT)),
    judged("billing", said("account", 0.6), said("billing", 0.95, 10 * CENT)),
    judged("billing", said("account", 0.3), said("billing", 0.95, 10 * CENT)),
]

confidences = st.sampled_from([0.0, 0.2, 0.5, 0.65, 0.8, 1.0])
words = st.builds(
    said, st.sampled_from(["billing", "account", None]), confidences, st.integers(0, 9)
)
tickets = st.builds(
    judged, st.sampled_from(["billing", "account", UNKNOWN]), words, st.none() | words
)


def test_by_hand() -> None:
    assert curve(BOTH, [0, 0.3, 0.5, 0.9, 0.91]) == [
        Point(0, 3, 1 / 3, 3 * CENT, 0, 0),
        Point(0.3, 3, 1 / 3, 3 * CENT, 0, 0),
        Point(0.5, 3, 2 / 3, 13 * CENT, 1, 0),
        Point(0.9, 3, 1.0, 23 * CENT, 2, 0),
        Point(0.91, 3, 1.0, 33 * CENT, 3, 0),
    ]


def test_a_ticket_that_was_not_escalated_is_guessed_from_those_that_were() -> None:
    seen = [
        judged("billing", said("account", 0.9)),
        judged("billing", said("billing", 0.9)),
        # Two wrong answers, one of them mended; one right answer, and it stays right.
        judged("billing", said("account", 0.2), said("billing", 1.0, 4 * CENT)),
        judged("billing", said("account", 0.1), said("account", 1.0, 2 * CENT)),
        judged("billing", said("billing", 0.1), said("billing", 1.0, 3 * CENT)),
    ]
    low, high = curve(seen, [0.5, 1.0])
    assert (low.accuracy, low.guessed, low.known) == (3 / 5, 0, True)
    assert (high.accuracy, high.guessed, high.known) == ((2 + 0.5 + 1) / 5, 2, False)
    # For three cents on average.
    assert high.cost_picodollars == (5 + 9 + 2 * 3) * CENT


def test_where_the_second_tier_was_never_asked_about_a_right_answer_its_mean_counts() -> None:
    seen = [
        judged("billing", said("billing", 0.9)),
        judged("billing", said("account", 0.2), said("billing", 1.0)),
        judged("billing", said("account", 0.1), said("account", 1.0)),
    ]
    assert curve(seen, [1.0])[0].accuracy == (1 + 0.5) / 3


def test_where_nothing_is_known_there_is_no_point() -> None:
    sure = [judged("billing", said("billing", 0.8))]
    assert [point.threshold for point in curve(sure, [0, 0.8, 0.9, 1])] == [0, 0.8]
    assert curve([judged("billing", said(None))]) == []


@pytest.mark.parametrize(
    ("second", "went"),
    [
        (said("account", 0.7), "account"),  # sure
        (said("account", 0.5), UNKNOWN),  # both unsure, and of two minds
        (said("billing", 0.5), "billing"),  # both unsure, and of one mind
    ],
)
def test_the_second_answer_counts_as_the_workers_rule_has_it(second: Asked, went: str) -> None:
    one = judged("billing", said("billing", 0.6), second)
    assert at_threshold(one, 0.65).category == went
    assert at_threshold(one, 0.6).category == "billing"
    assert at_threshold(one, 0.6).escalation is None


def test_no_threshold_changes_a_dead_letter_or_a_ticket_nobody_was_asked_about() -> None:
    dead = judged("billing", said("billing", 0.1), category=DEAD_LETTER)
    empty = judged(UNKNOWN, None)
    assert at_threshold(dead, 1.0) is dead
    (point,) = curve([dead, empty], [1.0])
    assert (point.accuracy, point.escalated, point.cost_picodollars) == (0.5, 0, CENT)


def test_the_cheapest_within_half_a_point_of_the_best_is_recommended() -> None:
    points = [
        Point(0.1, 1000, 0.900, 10, 10, 0),
        Point(0.2, 1000, 0.946, 20, 20, 0),
        Point(0.3, 1000, 0.950, 30, 30, 0),
        Point(0.4, 1000, 0.950, 40, 40, 0),
    ]
    assert recommended(points, 1000) is points[1]
    assert recommended(points, 10) is points[0]
    assert recommended(points, 9) is None


def test_what_leans_on_guesses_is_not_recommended() -> None:
    points = [Point(0.1, 1000, 0.5, 1, 10, 5), Point(0.2, 1000, 0.9, 2, 20, 6)]
    assert recommended(points, 1000) is points[0]


@given(st.lists(tickets, min_size=1))
def test_a_higher_threshold_escalates_no_less(all_judged: list[Judged]) -> None:
    points = curve(all_judged)
    for lower, higher in pairwise(points):
        assert lower.escalated <= higher.escalated
        assert lower.guessed <= higher.guessed
        assert higher.guessed or lower.cost_picodollars <= higher.cost_picodollars
    assert all(0 <= point.accuracy <= 1 for point in points)


@given(tickets, confidences)
def test_going_to_a_threshold_twice_changes_nothing(one: Judged, threshold: float) -> None:
    once = at_threshold(one, threshold)
    assert at_threshold(once, threshold) == once
    assert once.cost_picodollars <= one.cost_picodollars
