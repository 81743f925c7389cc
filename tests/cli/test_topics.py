import pytest

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
