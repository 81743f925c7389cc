"""Names of the topics, and what each needs."""

import re

import pytest

from streams.classify.categories import DEFAULT
from streams.delivery.work import MOST_BYTES
from streams.events.topics import INPUT_BYTES, OUTPUT_BYTES, Topics
from streams.settings import Settings

CATEGORIES = [category.name for category in DEFAULT]
TOPICS = Topics.of(Settings(), CATEGORIES)


def test_the_names_are_the_fixed_ones() -> None:
    assert TOPICS.input == "tickets"
    assert TOPICS.categories == {
        "billing": "tickets.billing",
        "technical": "tickets.technical",
        "product_feedback": "tickets.product-feedback",
        "account": "tickets.account",
        "unknown": "tickets.unknown",
    }
    assert TOPICS.dead_letter == "tickets.dead-letter"
    assert (TOPICS.done, TOPICS.calls) == ("ticket-streams-done", "ticket-streams-calls")
    assert TOPICS.spend == "ticket-streams-spend-changelog"
    assert TOPICS.errors == "ticket-streams-errors-changelog"


def test_names_follow_the_settings() -> None:
    topics = Topics.of(Settings(app_id="other", input_topic="mail"), ["a_b"])
    assert topics.categories == {"a_b": "mail.a-b", "unknown": "mail.unknown"}
    assert topics.dead_letter == "mail.dead-letter"
    assert topics.spend == "other-spend-changelog"


@pytest.mark.parametrize("name", ["x", "A.b-c_9", "x" * 200])
def test_every_name_is_one_that_kafka_takes(name: str) -> None:
    topics = Topics.of(Settings(app_id=name, input_topic=name), CATEGORIES)
    names = [topics.input, *(spec.name for spec in topics.specs())]
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]{1,249}", topic) for topic in names)
    assert len(set(names)) == len(names) == 11


def test_unknown_is_there_once_however_often_it_is_named() -> None:
    assert list(Topics.of(Settings(), ["unknown", "billing"]).categories) == ["unknown", "billing"]


def test_what_travels_with_a_source_partition_has_as_many_partitions() -> None:
    same = {spec.name for spec in TOPICS.specs() if spec.same_partitions}
    assert same == {TOPICS.done, TOPICS.calls, TOPICS.spend, TOPICS.errors}


def test_tables_are_compacted_and_never_deleted() -> None:
    configs = {spec.name: spec.config for spec in TOPICS.specs()}
    for topic in (TOPICS.spend, TOPICS.errors):
        assert configs[topic]["cleanup.policy"] == "compact"
        assert int(configs[topic]["max.compaction.lag.ms"]) > 0
    assert configs[TOPICS.done]["cleanup.policy"] == "delete"


def test_there_is_room_for_every_event_that_is_taken() -> None:
    for spec in TOPICS.specs():
        if spec.name.startswith("tickets."):
            assert int(spec.config["max.message.bytes"]) >= OUTPUT_BYTES >= MOST_BYTES + 50_000
    assert OUTPUT_BYTES > INPUT_BYTES
