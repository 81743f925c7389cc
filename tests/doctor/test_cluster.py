import pytest

from streams.doctor.cluster import ClusterFacts, check_cluster
from streams.settings import Settings
from tests.doctor.scene import only

SOUND = {
    "auto.create.topics.enable": "false",
    "group.min.session.timeout.ms": "6000",
    "group.max.session.timeout.ms": "1800000",
    "transaction.max.timeout.ms": "900000",
    "offsets.retention.minutes": "10080",
}


def test_three_sound_brokers_are_one_line() -> None:
    finding = only(check_cluster(Settings(), ClusterFacts(3, config=SOUND)))
    assert finding.level == "ok"
    assert finding.message == "127.0.0.1:9092 answers: 3 brokers, Kafka 4.0 or newer"


def test_one_broker_is_warned_of() -> None:
    finding = only(check_cluster(Settings(), ClusterFacts(1, config=SOUND)))
    assert finding.level == "warn"
    assert "one broker" in finding.message


@pytest.mark.parametrize(
    ("option", "value", "level", "told"),
    [
        ("auto.create.topics.enable", "true", "warn", "auto.create.topics.enable"),
        ("group.min.session.timeout.ms", "30000", "wrong", "TICKET_STREAMS_SESSION_TIMEOUT"),
        ("group.max.session.timeout.ms", "6000", "wrong", "TICKET_STREAMS_SESSION_TIMEOUT"),
        ("transaction.max.timeout.ms", "10000", "wrong", "transaction.max.timeout.ms"),
        ("offsets.retention.minutes", "60", "warn", "offsets.retention.minutes"),
    ],
)
def test_a_wrong_option_of_the_brokers_is_named(
    option: str, value: str, level: str, told: str
) -> None:
    _, finding = check_cluster(Settings(), ClusterFacts(3, config={**SOUND, option: value}))
    assert (finding.level, told in finding.message) == (level, True)
    assert finding.advice


def test_a_kafka_without_topic_ids_is_told() -> None:
    first, second = check_cluster(Settings(), ClusterFacts(3, 9, SOUND))
    assert "older than Kafka 2.8" in first.message
    assert second.level == "warn"


def test_what_may_not_be_read_is_said() -> None:
    _, finding = check_cluster(Settings(), ClusterFacts(3))
    assert finding.level == "note"
    assert "DescribeConfigs" in finding.advice
