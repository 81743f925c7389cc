from typing import Any

import pytest

from streams.evaluate.compare import Comparison
from streams.evaluate.wording import threshold_advice, verdict
from tests.evaluate.evaluations import summary
from tests.evaluate.scene import judged, said

UNSURE = [
    judged("billing", said("account", 0.6), said("billing", 0.9), line=line) for line in range(9)
]
SURE = [judged("billing", said("billing", 0.9), line=line) for line in range(9, 20)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"escalation_model": "none"}, "There is no escalation model"),
        ({"escalation_cap": 0.1}, "Recommended: 0.00"),
        ({}, "Recommended: 0.61, the cheapest within half a point of the best."),
        ({"escalation_threshold": 0.61}, "as it is now."),
    ],
)
def test_what_to_set_the_threshold_to(changes: dict[str, Any], said: str) -> None:
    assert said in threshold_advice(summary(tickets=[*UNSURE, *SURE], **changes))


def test_where_a_higher_threshold_was_not_tried_it_says_so() -> None:
    worse = [judged("billing", said("account", 0.7), line=line) for line in range(20, 40)]
    advice = threshold_advice(
        summary(tickets=[*UNSURE, *worse], escalation_threshold=0.61, escalation_cap=1.0)
    )
    assert "--curve full" not in advice  # 0.7 is still known, and no dearer
    edge = [judged("billing", said("account", 0.61), line=line) for line in range(20, 40)]
    advice = threshold_advice(
        summary(tickets=[*UNSURE, *edge], escalation_threshold=0.61, escalation_cap=1.0)
    )
    assert "A higher one may be better still: --curve full finds out." in advice


def test_which_of_two_runs_is_better_and_whether_that_may_be_chance() -> None:
    names = ("current", "other")
    assert verdict(Comparison(5, 2, 2, 1, 1.0), names).endswith("no difference in accuracy.")
    unsure = verdict(Comparison(5, 1, 3, 1, 0.625), names)
    assert "other is better" in unsure
    assert "62.5% of such comparisons: more tickets are needed to tell." in unsure
    clear = verdict(Comparison(5, 90, 3, 1, 0.0001), names)
    assert "current is better" in clear
    assert clear.endswith("in less than 0.1% of such comparisons.")
