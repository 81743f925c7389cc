import json

import pytest

from streams.evaluate.summary import as_json
from tests.evaluate.evaluations import JUDGED, evaluation, summary
from tests.evaluate.scene import CENT, judged, said


def test_the_figures_of_a_run() -> None:
    found = summary()
    assert (found.accuracy, found.escalated, found.escalated_share) == (0.75, 1, 0.25)
    assert found.cost_picodollars == found.billed_picodollars == 4 * CENT
    assert found.per_thousand == 1_000 * CENT
    assert found.reasons == {"empty_text": 1}
    assert [tier.asked for tier in found.tiers] == [3, 1]
    assert found.calibration.keys() == {"first", "escalation"}


def test_after_both_tiers_were_asked_about_all_the_figures_are_those_of_the_threshold() -> None:
    asked = [
        judged("billing", said("billing", 0.9), said("account", 0.9, 10 * CENT)),
        judged("account", said("billing", 0.4), said("account", 0.9, 10 * CENT)),
    ]
    found = summary(tickets=asked, full=True)
    assert (found.accuracy, found.escalated) == (1.0, 1)
    assert (found.cost_picodollars, found.billed_picodollars) == (12 * CENT, 22 * CENT)
    assert found.calibration["escalation"].answers == 2
    assert all(point.guessed == 0 for point in found.points)


def test_the_threshold_that_was_set_has_a_point_of_its_own() -> None:
    assert 0.625 in [point.threshold for point in summary(escalation_threshold=0.625).points]


def test_no_recommended_threshold_escalates_more_than_the_cap() -> None:
    costly = summary(escalation_cap=0.1).recommended
    assert costly is not None
    assert costly.escalated == 0


def test_as_json_it_has_all_figures_and_no_text() -> None:
    data = json.loads(json.dumps(as_json(evaluation(texts={1: "a secret"}))))
    run = data["runs"][0]
    assert run["accuracy"] == 0.75
    assert run["picodollars_per_1000_tickets"] == 1_000 * CENT
    assert {score["name"]: score["recall"] for score in run["scores"]}["technical"] == 0.0
    assert {"expected": "technical", "category": "billing", "tickets": 1} in run["confusion"]
    assert run["calibration"]["first"]["ece"] == pytest.approx((2 * 0.425 + 0.4) / 3)
    assert run["points"][0]["threshold"] == 0
    assert "secret" not in json.dumps(data)
    assert data["comparison"] is None


def test_as_json_two_runs_have_a_comparison() -> None:
    data = as_json(evaluation(summary(), summary("other", JUDGED[:2])))
    assert data["comparison"]["both"] == 1
    assert [run["name"] for run in data["runs"]] == ["current", "other"]
