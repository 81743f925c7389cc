"""Names of the topics, and what each needs."""

import re
from dataclasses import fields, replace

import pytest

from streams.classify.categories import Category
from streams.delivery.work import MOST_BYTES
from streams.events.topics import INPUT_BYTES, OUTPUT_BYTES, Topics
from streams.settings import Settings, SettingsError, load_settings

TOPICS = Topics.of(Settings())


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
    assert TOPICS.intents == "ticket-streams-intents"
    assert TOPICS.spend == "ticket-streams-spend-changelog"
    assert TOPICS.errors == "ticket-streams-errors-changelog"


def test_names_follow_the_settings() -> None:
    given = (Category("a_b"), Category("c", topic="C.d"), Category("unknown", topic="rest"))
    topics = Topics.of(Settings(app_id="other", input_topic="mail", categories=given))
    assert topics.categories == {"a_b": "mail.a-b", "c": "C.d", "unknown": "rest"}
    assert topics.dead_letter == "mail.dead-letter"
    assert topics.spend == "other-spend-changelog"


def test_all_categories_may_share_a_topic_but_those_with_one_of_their_own() -> None:
    given = (Category("a"), Category("c", topic="C.d"))
    topics = Topics.of(Settings(categories=given, output_topic="routed"))
    assert topics.categories == {"a": "routed", "c": "C.d", "unknown": "routed"}
    assert topics.outputs == ["routed", "C.d"]
    assert [spec.name for spec in topics.specs()].count("routed") == 1
    assert TOPICS.outputs == list(TOPICS.categories.values())


@pytest.mark.parametrize("topic", ["tickets", "tickets.dead-letter", "ticket-streams-calls"])
def test_the_shared_topic_must_be_one_of_its_own(topic: str) -> None:
    with pytest.raises(SettingsError, match=r"^TICKET_STREAMS_OUTPUT_TOPIC: "):
        load_settings(output_topic=topic)


@pytest.mark.parametrize("name", ["x", "A.b-c_9", "x" * 200])
def test_every_name_is_one_that_kafka_takes(name: str) -> None:
    topics = Topics.of(Settings(app_id=name, input_topic=name))
    names = [topics.input, *(spec.name for spec in topics.specs())]
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]{1,249}", topic) for topic in names)
    assert len(set(names)) == len(names) == 12


@pytest.mark.parametrize(
    ("given", "setting", "those"),
    [
        ({"categories": ["dead_letter"]}, "CATEGORIES", ("dead letters", "dead_letter")),
        ({"categories": [{"name": "a", "topic": "tickets"}]}, "CATEGORIES", ("input", "a")),
        (
            {"categories": ["a_b", {"name": "c", "topic": "tickets.a-b"}]},
            "CATEGORIES",
            ("category a_b", "category c"),
        ),
        (
            {"categories": ["a", {"name": "b", "topic": "tickets_a"}]},  # one name in its metrics
            "CATEGORIES",
            ("category a (tickets.a)", "category b (tickets_a)"),
        ),
        (
            {"categories": ["a", {"name": "unknown", "topic": "ticket-streams-calls"}]},
            "CATEGORIES",
            ("our calls", "category unknown"),
        ),
        (
            {"categories": [{"name": "a", "topic": "ticket-streams-redriven"}]},
            "CATEGORIES",
            ("our redriven letters", "category a"),
        ),
        ({"input_topic": "x-done", "app_id": "x"}, "INPUT_TOPIC", ("input", "our finished")),
        ({"input_topics": "tickets.billing"}, "INPUT_TOPICS", ("category billing", "input topic")),
        ({"input_topics": r"^tickets\."}, "INPUT_TOPICS", ("tickets.dead-letter", "none of ours")),
        ({"input_topics": "^ticket-streams-c"}, "INPUT_TOPICS", ("ticket-streams-calls",)),
        ({"input_topic": "x" * 200, "categories": ["y" * 49]}, "CATEGORIES", ("too long",)),
    ],
)
def test_topics_that_collide_are_refused_in_one_line_that_names_both(
    given: dict[str, object], setting: str, those: tuple[str, ...]
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(**given)
    message = str(caught.value)
    assert message.startswith(f"TICKET_STREAMS_{setting}: ")
    assert "\n" not in message
    assert all(one in message for one in those), message


def test_several_inputs_are_the_first_the_named_and_the_matching() -> None:
    topics = Topics.of(load_settings(input_topics=["mail", "tickets", r"^desk\."]))
    assert topics.inputs(["desk.eu", "desk.billing", "other", "mail"]) == [
        "tickets",
        "desk.billing",
        "desk.eu",
        "mail",
    ]
    assert topics.inputs([]) == ["tickets", "mail"]
    assert "ticket-streams-sources" in [spec.name for spec in topics.specs()]
    assert TOPICS.inputs(["desk.eu"]) == ["tickets"]
    assert "ticket-streams-sources" not in [spec.name for spec in TOPICS.specs()]


def test_every_topic_is_looked_at() -> None:
    """Each topic in turn is given to a category: none is forgotten when one is added."""
    ours = {
        "done",
        "calls",
        "intents",
        "spend",
        "errors",
        "skipped",
        "redriven",
        "replays",
        "sources",
    }
    looked_at = {"input", "dead_letter", *ours}
    for field in looked_at:
        topic = getattr(TOPICS, field)
        with pytest.raises(ValueError, match=re.escape(topic)):
            replace(TOPICS, categories={"a": topic}).check()
    others = {"categories", "skips", "run", "app", "shared", "more_inputs"}
    assert {field.name for field in fields(TOPICS)} - others == looked_at


def test_what_travels_with_a_source_partition_has_as_many_partitions() -> None:
    same = {spec.name for spec in TOPICS.specs() if spec.same_partitions}
    assert same == {TOPICS.done, TOPICS.calls, TOPICS.intents, TOPICS.spend, TOPICS.errors}


def test_the_skipped_topic_is_needed_where_something_may_be_skipped() -> None:
    assert TOPICS.skipped not in {spec.name for spec in TOPICS.specs()}
    for name, value in (
        ("filter", "a"),
        ("mapping", "zendesk"),
        ("tombstones", "skip"),
        ("updates", "latest"),
    ):
        topics = Topics.of(load_settings(**{name: value}))
        [spec] = [spec for spec in topics.specs() if spec.name == topics.skipped]
        assert spec.same_partitions
    assert not Topics.of(load_settings(mapping="cloudevents")).skips  # it has no filter


def test_tables_are_compacted_and_never_deleted() -> None:
    configs = {spec.name: spec.config for spec in TOPICS.specs()}
    for topic in (TOPICS.spend, TOPICS.errors):
        assert configs[topic]["cleanup.policy"] == "compact"
        assert int(configs[topic]["max.compaction.lag.ms"]) > 0
    for topic in (TOPICS.done, TOPICS.intents):
        assert configs[topic]["cleanup.policy"] == "delete"


def test_there_is_room_for_every_event_that_is_taken() -> None:
    for spec in TOPICS.specs():
        if spec.name.startswith("tickets."):
            assert int(spec.config["max.message.bytes"]) >= OUTPUT_BYTES >= MOST_BYTES + 50_000
    assert OUTPUT_BYTES > INPUT_BYTES
