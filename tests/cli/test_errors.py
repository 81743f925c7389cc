import pytest

from tests.cli.scene_cli import Command


@pytest.mark.kafka
def test_it_prints_the_groups_errors(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(kafka, namespace, monkeypatch)
    command.publish()
    assert command.json("errors") == {
        "rows": [
            {"stage": "api", "type": "timeout", "errors": 2},
            {"stage": "decode", "type": "not_json", "errors": 2},
        ],
        "total": 4,
    }
    assert "not_json" in command("errors", "--by", "type", "--last", "1d").stdout
