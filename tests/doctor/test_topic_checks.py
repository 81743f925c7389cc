from dataclasses import replace

import pytest

from streams.doctor.topic_checks import check_topics
from streams.events.topics import DAY_MS
from tests.doctor.scene import TOPICS, only, sound, spoilt


def test_sound_topics_are_one_line() -> None:
    finding = only(check_topics(TOPICS, sound(), 3))
    assert (finding.level, finding.message) == ("ok", "12 topics have all that they need")


def test_a_missing_topic_is_named_with_what_makes_it() -> None:
    facts = sound()
    del facts[TOPICS.done], facts[TOPICS.calls]
    finding = only(check_topics(TOPICS, facts, 3))
    assert finding.level == "wrong"
    assert finding.message == f"{TOPICS.done}, {TOPICS.calls}: there is no such topic"
    assert finding.advice == "ticket-streams topics --create"


def test_too_few_partitions_are_named_with_how_many_it_needs() -> None:
    facts = sound()
    facts[TOPICS.spend] = replace(facts[TOPICS.spend], partitions=4)
    facts[TOPICS.categories["billing"]] = replace(facts[TOPICS.categories["billing"]], partitions=1)
    finding = only(check_topics(TOPICS, facts, 3))
    assert finding.level == "wrong"
    assert finding.message == f"{TOPICS.spend}: 4 partitions, needs the 8 of tickets"


def test_fewer_replicas_than_brokers_could_hold_are_told() -> None:
    findings = check_topics(TOPICS, sound(replication=1), 3)
    assert any("1 of 3 replicas" in finding.message for finding in findings)


def test_a_partition_without_a_leader_and_one_out_of_sync_are_told() -> None:
    facts = sound()
    facts[TOPICS.input] = replace(facts[TOPICS.input], leaderless=2)
    facts[TOPICS.calls] = replace(facts[TOPICS.calls], lagging=1)
    first, second = check_topics(TOPICS, facts, 3)
    assert (first.level, first.message) == ("wrong", "tickets: 2 partitions have no leader")
    assert (second.level, "out of sync" in second.message) == ("warn", True)


@pytest.mark.parametrize(
    ("topic", "option", "value", "level"),
    [
        (TOPICS.spend, "cleanup.policy", "compact,delete", "wrong"),
        (TOPICS.done, "cleanup.policy", "compact", "wrong"),
        (TOPICS.calls, "cleanup.policy", "compact", "warn"),
        (TOPICS.done, "message.timestamp.type", "CreateTime", "wrong"),
        (TOPICS.categories["billing"], "max.message.bytes", "1048588", "wrong"),
        (TOPICS.done, "retention.ms", "604800000", "warn"),
        (TOPICS.calls, "retention.bytes", "1073741824", "warn"),
        (TOPICS.errors, "segment.ms", "604800000", "warn"),
        (TOPICS.calls, "min.insync.replicas", "1", "warn"),
        (TOPICS.calls, "min.insync.replicas", "3", "warn"),
        (TOPICS.calls, "min.insync.replicas", "4", "wrong"),
        (TOPICS.input, "min.insync.replicas", "4", "wrong"),
        (TOPICS.input, "cleanup.policy", "compact", "wrong"),
        (TOPICS.input, "retention.ms", "3600000", "warn"),
        (TOPICS.input, "retention.bytes", "1073741824", "warn"),
    ],
)
def test_a_wrong_option_is_named_with_its_topic(
    topic: str, option: str, value: str, level: str
) -> None:
    findings = check_topics(TOPICS, spoilt(topic, option, value), 3)
    finding = next(f for f in findings if f.message.startswith(f"{topic}: "))
    assert finding.level == level
    assert option in finding.message
    assert finding.advice


@pytest.mark.parametrize(
    ("option", "value"), [("retention.ms", "-1"), ("retention.ms", str(400 * DAY_MS))]
)
def test_more_than_needed_is_no_trouble(option: str, value: str) -> None:
    assert only(check_topics(TOPICS, spoilt(TOPICS.done, option, value), 3)).level == "ok"


def test_an_input_with_larger_tickets_than_its_outputs_take_is_told() -> None:
    findings = check_topics(TOPICS, spoilt(TOPICS.input, "max.message.bytes", "9000000"), 3)
    assert "such tickets become dead letters" in only(findings).message


def test_a_configuration_that_may_not_be_read_is_told() -> None:
    facts = sound()
    name = TOPICS.done
    facts[name] = replace(facts[name], config={}, unreadable="TopicAuthorizationFailedError")
    assert "TopicAuthorizationFailedError" in only(check_topics(TOPICS, facts, 3)).message
