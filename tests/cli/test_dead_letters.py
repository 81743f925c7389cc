import pytest

from tests.cli.scene_cli import Command

pytestmark = pytest.mark.kafka


def test_it_lists_coordinates_and_reasons_but_no_text(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(kafka, namespace, monkeypatch)
    command.publish()
    data = command.json("dead-letters", "list")
    assert data["total"] == 2
    assert {letter["source"] for letter in data["dead_letters"]} == {
        f"{namespace}-tickets[{partition}]@3" for partition in (0, 1)
    }
    assert {letter["error_type"] for letter in data["dead_letters"]} == {"not_json"}
    shown = command("dead-letters", "list", "--limit", "1").stdout
    assert "the event is not JSON" in shown
    assert "1 of 2" in shown
