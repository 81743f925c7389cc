"""What a replay does, as data that outlives its process."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events.topics import Topics
from streams.replay.plan import Plan, Selection, app_id_of, installation, runs_of
from streams.settings import load_settings

offsets = st.sets(st.integers(0, 200))


@given(offsets)
def test_runs_hold_the_same_offsets(some: set[int]) -> None:
    runs = list(runs_of(some))
    assert {n for first, last in runs for n in range(first, last + 1)} == some
    assert all(second[0] > first[1] + 1 for first, second in pairwise(runs))


@given(st.dictionaries(st.integers(0, 5), offsets))
def test_a_selection_survives_its_chunks(given: dict[int, set[int]]) -> None:
    other = Selection()
    for partition, runs in Selection(given).chunks():
        other.take(partition, runs)
    assert len(other) == sum(map(len, given.values()))
    for partition in range(6):
        for offset in range(201):
            assert ((partition, offset) in other) == (offset in given.get(partition, ()))


def test_a_selection_is_asked_by_partition_and_offset() -> None:
    selection = Selection()
    selection.add(1, 7)
    assert (1, 7) in selection
    assert (7, 1) not in selection
    assert "anything else" not in selection


PLAN = Plan("r1", "tickets", "id", {0: range(3, 9), 4: range(7)}, "trial", True, 5)


def test_a_plan_survives_being_written() -> None:
    selection = Selection({0: {3, 4}})
    found = Plan.of_json(PLAN.as_json(), selection)
    assert found.selection is selection
    assert found.as_json() == PLAN.as_json()
    assert (found.within, found.events) == (PLAN.within, 13)


@pytest.mark.parametrize("value", [b"{", b"{}", b"[]", b'{"within": {}, "more": 1}'])
def test_what_is_no_plan_is_refused(value: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Plan.of_json(value, Selection())


def test_a_run_has_everything_of_its_own_but_the_input_and_where_results_go() -> None:
    settings = load_settings(group_instance_id="worker-1")
    usual = Topics.of(settings)
    own, topics = installation(settings, Plan("r1", "tickets", "", {}))
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
        installation(settings, Plan("r1", "t.billing", "", {}, "t"))
