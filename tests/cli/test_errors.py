from operator import add

import pytest

from streams.audit.books import ErrorKey
from streams.cli.reports import grouped
from tests.cli.scene_cli import Command


def test_counts_are_grouped_by_what_was_asked_for() -> None:
    errors = {ErrorKey(60.0, "api", "timeout"): 1, ErrorKey(120.0, "api", "network"): 2}
    assert grouped(errors, ("stage",), 0, add) == {("api",): 3}
    assert grouped(errors, ("window", "type"), 60, add) == {(120.0, "network"): 2}


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
