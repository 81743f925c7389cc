import asyncio

import pytest

from tests.audit.kafka_scene import create_topic
from tests.cli.scene_cli import Command

pytestmark = pytest.mark.kafka


def test_it_shows_what_is_missing_and_creates_it(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(kafka, namespace, monkeypatch)
    before = command.json("topics")
    assert {topic["status"] for topic in before["topics"]} == {"missing"}
    created = command.json("topics", "--create", "--partitions", "3")
    assert set(created["created"]) == {topic["name"] for topic in before["topics"]}
    assert {(t["partitions"], t["status"]) for t in created["topics"]} == {(3, "ok")}
    again = command("topics", "--create")
    assert again.exit_code == 0
    assert f"{namespace}-tickets.product-feedback" in again.stdout
    assert "created" not in again.stdout


def test_without_kafka_it_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    result = Command("127.0.0.1:1", "nowhere", monkeypatch)("topics")
    assert result.exit_code == 1
    assert "KAFKA_BOOTSTRAP_SERVERS" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_mending_is_told_first_and_done_when_asked(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(kafka, namespace, monkeypatch)
    topics = command.scene.topics
    asyncio.run(create_topic(kafka, topics.spend, 1))  # with Kafka's defaults
    command("topics", "--create", "--partitions", "2")
    told = command("topics")
    assert f"{topics.spend}: cleanup.policy is delete, needs compact" in told.stdout
    dry = command("topics", "--fix")
    assert f"would widen {topics.spend} from 1 to 2 partitions" in dry.stdout
    assert "Nothing was changed; --yes does it." in dry.stdout
    assert command.json("topics", "--fix")["plan"] == command.json("topics", "--fix")["plan"]
    done = command.json("topics", "--fix", "--yes")
    assert done["done"] is True
    assert done["findings"] == []
    assert "there is nothing to do" in command("topics", "--fix").stdout


def test_growing_the_input_says_what_it_means_and_waits_for_order(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(kafka, namespace, monkeypatch)
    command.publish()  # two partitions, and two tickets that wait
    dry = command("topics", "--partitions", "4")
    assert "50% of the keys move to another partition" in dry.stdout
    assert "stop the producers" in dry.stdout
    refused = command("topics", "--partitions", "4", "--yes")
    assert refused.exit_code == 1
    assert "--accept-disorder" in refused.stderr
    grown = command.json("topics", "--partitions", "4", "--yes", "--accept-disorder")
    width = {topic["name"]: topic["partitions"] for topic in grown["topics"]}
    topics = command.scene.topics
    assert {width[topics.input], width[topics.done], width[topics.spend]} == {4}
    assert width[topics.dead_letter] == 2


def test_taking_partitions_away_is_refused(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(kafka, namespace, monkeypatch)
    command("topics", "--create", "--partitions", "2")
    result = command("topics", "--partitions", "1")
    assert result.exit_code == 1
    assert "Kafka takes none away" in result.stderr


@pytest.mark.parametrize("words", [["--yes"], ["--create", "--fix"], ["--create", "--yes"]])
def test_options_that_do_not_go_together_are_refused(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Command("127.0.0.1:1", "nowhere", monkeypatch)("topics", *words).exit_code == 2
