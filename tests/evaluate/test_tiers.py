from streams.evaluate.tiers import TierFigures, tier_figures
from tests.evaluate.scene import judged, said


def test_each_tier_has_its_own_answers_cost_and_latency() -> None:
    figures = tier_figures(
        [
            judged("billing", said("billing", cost=1, ms=100)),
            judged("billing", said("account", cost=2, ms=300), said("billing", cost=30, ms=900)),
            judged("billing", said(None, cost=3, ms=200), said(None, cost=40, ms=1_000)),
            judged("unknown", None),
        ]
    )
    assert figures == [
        TierFigures("first", 3, 2, 1, 6, 200, 300),
        TierFigures("escalation", 2, 1, 1, 70, 900, 1_000),
    ]


def test_a_tier_that_nobody_was_asked_in_is_left_out() -> None:
    assert [tier.name for tier in tier_figures([judged("billing", said("billing"))])] == ["first"]
