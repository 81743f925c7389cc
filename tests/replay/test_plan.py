"""What a replay does, as data that outlives its process."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events.sources import Place
from streams.events.topics import Topics
from streams.replay.plan import Plan, Selection, app_id_of, installation, runs_of
from streams.settings import load_settings

offsets = st.sets(st.integers(0, 200))


@given(offsets)
def test_runs_hold_the_same_offsets(some: set[int]) -> None:
    runs = list(runs_of(some))
    assert {n for first, last in runs for n in range(first, last + 1)} == some
    assert all(second[0] > first[1] + 1 for first, second in pairwise(runs))


places = st.builds(Place, st.sampled_from(["tickets", "mail"]), st.integers(0, 2))


@given(st.dictionaries(places, offsets))
def test_a_selection_survives_its_chunks(given: dict[Place, set[int]]) -> None:
    other = Selection()
    for place, runs in Selection(given).chunks():
        other.take(place, runs)
    assert len(other) == sum(map(len, given.values()))
    for place in (Place(topic, partition) for topic in ("tickets", "mail") for partition in (0, 2)):
        for offset in range(201):
            assert ((*place, offset) in other) == (offset in given.get(place, ()))


def test_a_selection_is_asked_by_topic_partition_and_offset() -> None:
    selection = Selection()
    selection.add(Place("tickets", 1), 7)
    assert ("tickets", 1, 7) in selection
    assert ("tickets", 7, 1) not in selection
    assert ("mail", 1, 7) not in selection
    assert "anything else" not in selection


WITHIN = {Place("tickets", 0): range(3, 9), Place("tickets", 4): range(7)}
PLAN = Plan("r1", {"tickets": "id"}, WITHIN, "trial", True, 5)
OLDER = (
    b'{"run": "r1", "topic": "tickets", "topic_id": "id", "topic_prefix": "trial", '
    b'"selected": true, "made_at": 5, "within": {"0": [3, 9], "4": [0, 7]}}'
)


def test_a_plan_survives_being_written() -> None:
    selection = Selection({Place("tickets", 0): {3, 4}})
    found = Plan.of_json(PLAN.as_json(), selection)
    assert found.selection is selection
    assert found.as_json() == PLAN.as_json()
    assert (found.within, found.events) == (PLAN.within, 13)


def test_a_plan_may_be_of_several_topics() -> None:
    within = {**WITHIN, Place("mail", 0): range(2)}
    plan = replace(PLAN, topics={"tickets": "id", "mail": "", "empty": "other"}, within=within)
    assert Plan.of_json(plan.as_json(), PLAN.selection) == plan
    assert [plan.name(place) for place in plan.within] == ["tickets[0]", "tickets[4]", "mail[0]"]
    assert [PLAN.name(place) for place in PLAN.within] == ["0", "4"]
    _, topics = installation(load_settings(), plan)
    assert (topics.input, topics.more_inputs) == ("tickets", ("mail", "empty"))
    assert topics.outputs == installation(load_settings(), PLAN)[1].outputs


def test_a_plan_of_an_older_version_is_read() -> None:
    assert Plan.of_json(OLDER, PLAN.selection) == PLAN


@pytest.mark.parametrize("value", [b"{", b"{}", b"[]", b'{"within": {}, "more": 1}'])
def test_what_is_no_plan_is_refused(value: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Plan.of_json(value, Selection())


def test_a_run_has_everything_of_its_own_but_the_input_and_where_results_go() -> None:
    settings = load_settings(group_instance_id="worker-1")
    usual = Topics.of(settings)
    own, topics = installation(settings, Plan("r1", {"tickets": ""}, {}))
    assert own.app_id == app_id_of(settings.app_id, "r1") == "ticket-streams-replay-r1"
    assert own.group_instance_id is None
    assert (topics.input, topics.categories) == (usual.input, usual.categories)
    assert topics.dead_letter == usual.dead_letter
    for field in ("done", "calls", "intents", "spend", "errors", "skipped"):
        assert getattr(topics, field) == getattr(usual, field).replace(
            "ticket-streams-", "ticket-streams-replay-r1-"
        )
    assert (topics.run, topics.skips) == ("r1", True)


def test_results_may_go_to_topics_of_another_prefix() -> None:
    categories = [{"name": "a_b"}, {"name": "c", "topic": "own"}]
    _, topics = installation(load_settings(categories=categories), PLAN)
    assert topics.categories == {"a_b": "trial.a-b", "c": "trial.own", "unknown": "trial.unknown"}
    assert topics.dead_letter == "trial.dead-letter"


def test_results_must_not_go_to_the_input() -> None:
    settings = load_settings(input_topic="t.billing")
    with pytest.raises(ValueError, match=r"t\.billing"):
        installation(settings, Plan("r1", {"t.billing": ""}, {}, "t"))
