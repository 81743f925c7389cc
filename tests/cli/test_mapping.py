"""``ticket-streams mapping``, and ``send`` where a mapping is set. No Kafka."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.cli import main
from streams.mapping.fields import ready_names

EVENT = {"action": "opened", "issue": {"number": 3, "title": "t", "body": "b"}}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def call(*words: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["mapping", *words], input=stdin)


def found(*words: str, stdin: bytes | None = None) -> Any:
    return json.loads(call(*words, "--json", stdin=stdin).stdout)


def test_show_lists_what_there_is() -> None:
    assert found("show") == {"mapping": None, "ready_made": list(ready_names())}
    assert found("show", "zendesk")["text"] == "detail.description"
    assert "detail.description" in call("show", "zendesk").stdout
    assert call("show", "zendesc").exit_code == 2


def test_show_tells_the_mapping_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "ticket-streams.toml").write_text('[mapping]\nbase = "github"\nchannel = "url"\n')
    shown = found("show")
    assert (shown["channel"], shown["text"]) == ("url", "issue.body || issue.title")


@pytest.mark.parametrize("name", ready_names())
def test_try_reads_the_samples(name: str) -> None:
    result = call("try", "--mapping", name, "--samples")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("ticket\n") >= 4


def test_try_tells_tickets_from_others_and_from_dead_letters() -> None:
    lines = [
        {**EVENT, "repository": {"full_name": "a/b"}},
        {**EVENT, "action": "closed"},
        EVENT,
    ]
    stdin = "\n".join(map(json.dumps, lines)).encode()
    ticket, skipped, letter = found("try", "--mapping", "github", stdin=stdin)
    assert (ticket["ticket"]["id"], ticket["ticket"]["text"]) == ("a/b#3", "b")
    assert skipped == {"skipped": "filtered"}
    assert letter["error"] == "not_a_ticket"
    assert "field id" in letter["message"]
    result = call("try", "--mapping", "github", stdin=json.dumps(lines).encode())
    assert result.exit_code == 1
    assert "3: dead letter, not_a_ticket: field id" in result.stdout


def test_try_takes_headers_for_cloud_events() -> None:
    headers = [f"ce_{n}={v}" for n, v in (("id", "1"), ("source", "/s"), ("type", "t"))]
    words = [word for header in headers for word in ("--header", header)]
    stdin = b'{"text": "hello"}'
    [event] = found("try", "--mapping", "cloudevents", *words, stdin=stdin)
    assert event["ticket"]["id"] == "1"
    assert call("try", "--header", "nothing", stdin=stdin).exit_code == 2


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ('[mapping]\nid = "a"', "TICKET_STREAMS_MAPPING: field text needs an expression"),
        ('[mapping]\nid = "a ||"\ntext = "b"', "TICKET_STREAMS_MAPPING: field id is no JMESPath"),
        ('[mapping]\nid = "a"\ntxt = "b"', "TICKET_STREAMS_MAPPING: txt: there is no such field"),
        ('mapping = "zendesc"', "TICKET_STREAMS_MAPPING: there is no ready-made mapping zendesc"),
        ('mapping = "{"', "TICKET_STREAMS_MAPPING: is no JSON"),
        ('filter = "a("', "TICKET_STREAMS_FILTER: is no JMESPath expression"),
    ],
)
def test_a_wrong_setting_is_named_at_the_start(tmp_path: Path, toml: str, problem: str) -> None:
    (tmp_path / "ticket-streams.toml").write_text(toml)
    result = call("show")
    assert result.exit_code == 1
    assert problem in result.stderr
