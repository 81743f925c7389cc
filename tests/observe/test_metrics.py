"""The declared metrics follow the conventions, and no label of theirs is unbounded."""

import re
from typing import get_args

import pytest

from streams.classify.answer import Reason
from streams.claude import failures
from streams.events.errors import ErrorType
from streams.events.model import CLOSING, UNPRICED
from streams.observe.health import Phase
from streams.observe.metrics import ALL, ERROR_TYPES, OTHER, OUTCOMES, STATES, Metric, bounded

BOUNDED = {
    *("category", "tier", "stage", "error_type", "model", "outcome", "kind", "state", "partition"),
    *("version", "prompt_version", "reason", "request", "budget"),
}


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_a_name_says_what_it_counts_by_the_conventions(metric: Metric) -> None:
    assert re.fullmatch(r"ticket_streams_[a-z]+(_[a-z]+)*", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert not re.search(
        r"_(ms|millis|milliseconds|minutes|kib|mb|count|sum|bucket)(_|$)", metric.name
    )
    if metric.kind == "histogram":
        assert metric.name.endswith("_seconds")
        assert list(metric.buckets) == sorted(set(metric.buckets))


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)
def test_it_has_a_help_text_and_only_bounded_labels(metric: Metric) -> None:
    assert metric.help.endswith(".")
    assert "\n" not in metric.help
    assert set(metric.labels) <= BOUNDED


def test_each_name_is_declared_once() -> None:
    names = [metric.name for metric in ALL]
    assert len(names) == len(set(names)) > 20


def test_every_error_that_we_name_is_a_label_and_any_other_is_not() -> None:
    ours = {*get_args(Reason), *get_args(ErrorType), *failures.SPEND_LIMITS}
    ours |= {name for name, _ in failures._HOLDS.values()}
    ours |= {failures.malformed().error_type, UNPRICED, *CLOSING}
    assert ours <= ERROR_TYPES
    assert bounded("overloaded_error") == "overloaded_error"
    assert bounded("sent_by_a_proxy") == OTHER
    assert bounded("ok", OUTCOMES) == "ok"


def test_every_phase_is_a_state() -> None:
    assert {phase.name.lower() for phase in Phase} | {"ready", "blocked"} == set(STATES)
