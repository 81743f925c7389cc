"""``ticket-streams replay``: what is asked for wrongly, and what it says before it acts."""

import asyncio
from pathlib import Path

import click
import pytest
from aiokafka.errors import KafkaConnectionError
from click.testing import CliRunner, Result

from streams.audit.topic_admin import UnreachableError
from streams.cli import common, main, replay
from streams.events.sources import Place
from streams.events.topics import Topics
from streams.replay import runner
from streams.replay.plan import Plan
from streams.settings import Settings
from tests.cli.scene_cli import Command


def call(*words: str) -> Result:
    return CliRunner().invoke(main, ["replay", *words])


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "--from is needed, or --resume"),
        (["--from", "1h", "--category", "nonsense"], "one of billing, technical"),
        (["--from", "1h", "--run", "a/b"], "letters, digits"),
        (["--from", "1h", "--topic-prefix", "a b"], "letters, digits"),
        (["--from", "1h", "--topic", "other"], "other is no input topic of ours"),
        (["--from", "other:0:1"], "other is no input topic of ours"),
        (["--from", "1h", "--until", "0:1"], "say TOPIC:PARTITION:OFFSET, or name one by --topic"),
        (["--from", "mail:0:1", "--topic", "tickets"], "mail is not among those of --topic"),
        (["--resume", "a", "--topic", "mail"], "--resume takes the run as it was planned"),
        (["--resume", "a", "--only-unknown"], "--resume takes the run as it was planned"),
    ],
)
def test_what_does_not_fit_together_is_refused_without_kafka(
    words: list[str], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKET_STREAMS_INPUT_TOPICS", "mail")
    result = call(*words)
    assert result.exit_code == 2
    assert problem in result.stderr


def test_without_a_key_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    result = call("--from", "1h")
    assert result.exit_code == 1
    assert "ANTHROPIC_API_KEY" in result.stderr


@pytest.mark.parametrize(
    "error",
    [KafkaConnectionError("gone"), UnreachableError("127.0.0.1:1"), TimeoutError(), OSError("x")],
)
def test_whatever_of_kafka_interrupts_it_the_command_that_goes_on_is_told(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted:
        def __init__(self, *_: object) -> None:
            self.stop = asyncio.Event()

        async def run(self) -> None:
            raise error

    monkeypatch.setattr(runner, "Replay", Interrupted)
    monkeypatch.setattr(common, "_denied", lambda: None)  # which asks Kafka
    settings = Settings()
    plan = Plan("r7", {"tickets": "id"}, {Place("tickets", 0): range(9)})
    with pytest.raises(click.ClickException, match=r"replay --resume r7$"):
        replay._carry_out(settings, Topics.of(settings), plan)


@pytest.mark.kafka
def test_it_says_first_what_it_would_do_and_asks(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(kafka, namespace, monkeypatch)
    command.publish()
    told = command("replay", "--from", "earliest", "--dry-run")
    assert told.exit_code == 0
    assert told.stdout.startswith("10 tickets of ")
    assert "Cost: about $0.00" in told.stdout
    assert f"books of app id {namespace}-app-replay-" in told.stdout
    assert "Nothing was done" in told.stdout
    asked = command("replay", "--from", "earliest", "--run", "r", stdin=b"n\n")
    assert asked.exit_code == 1
    assert "Classify 10 tickets again?" in asked.stderr
    found = command.json("replay", "--from", "0:2", "--category", "billing", "--dry-run")
    assert (found["tickets"], found["unwanted"], found["selected"]) == (1, 2, 1)
    missing = command("replay", "--resume", "r")  # it was never begun
    assert missing.exit_code == 2
    assert "there is no run r" in missing.stderr
