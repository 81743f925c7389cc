import asyncio
import json
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from aiokafka.admin import NewTopic

from streams.audit.snapshot import read_topic
from streams.audit.topic_admin import open_admin, wait_until_known
from streams.dead_letters.families import text
from tests.audit.kafka_scene import producer_for, write
from tests.audit.scene import NOW, Written
from tests.cli.scene_cli import Command

pytestmark = pytest.mark.kafka


@pytest.fixture
def command(kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    made = Command(kafka, namespace, monkeypatch)
    made.publish()
    return made


def redrive(command: Command, *words: str, code: int = 0) -> dict[str, Any]:
    result = command("dead-letters", "redrive", *words, "--yes", "--json")
    assert result.exit_code == code, result.output
    data: dict[str, Any] = json.loads(result.stdout)
    return data


def events(command: Command, topic: str | None = None) -> list[ConsumerRecord]:
    """What redriving has brought into the input topic, or another."""

    async def work() -> list[ConsumerRecord]:
        bootstrap = command.settings.bootstrap_servers
        found = read_topic(bootstrap, topic or command.settings.input_topic)
        return [
            record
            async for record in found
            if any(name == "ticket-streams.redrive.count" for name, _ in record.headers)
        ]

    return asyncio.run(work())


def letter(command: Command, *letters: Written) -> None:
    """One more record in any topic."""

    async def work() -> None:
        async with producer_for(command.settings, "more") as producer, producer.transaction():
            await write(producer, letters)

    asyncio.run(work())


def another_topic(command: Command, name: str, config: dict[str, str] | None = None) -> str:
    topic = f"{command.settings.input_topic}-{name}"

    async def work() -> None:
        async with open_admin(command.settings.bootstrap_servers) as admin:
            await admin.create_topics([NewTopic(topic, 2, 1, topic_configs=config)])
            await wait_until_known(admin, [topic])

    asyncio.run(work())
    return topic


def test_each_letter_is_redriven_once_however_often_it_is_run(command: Command) -> None:
    first = redrive(command)
    assert (first["planned"], first["redriven"], first["refused"]) == (2, 2, {})
    assert first["to"] == {command.settings.input_topic: 2}
    second = redrive(command)
    assert (second["planned"], second["redriven"], second["already_redriven"]) == (0, 0, 2)
    found = events(command)
    assert sorted((r.partition, r.key, r.value) for r in found) == [
        (0, b"customer-3", b"{"),
        (1, b"customer-3", b"{"),
    ]
    assert {name for r in found for name, _ in r.headers} == {
        "ticket-streams.redrive.count",
        "ticket-streams.redrive.letter",
        "ticket-streams.redrive.event",
        "ticket-streams.redrive.timestamp",
    }
    assert all(record.timestamp >= NOW for record in found)

    assert redrive(command, "--again", "--partition", "0")["redriven"] == 1
    assert len(events(command)) == 3


def test_letters_of_a_replay_come_to_the_workers_only_if_somebody_says_so(
    command: Command,
) -> None:
    """The workers have answered that event before."""
    of_replay = command.scene.dead_letter(0, 1)
    of_replay.headers.append(("ticket-streams.run", b"trial"))
    letter(command, of_replay)
    done = redrive(command)
    assert (done["redriven"], done["of_replays"], done["refused"]) == (2, 1, {})
    assert "1 are of replays: skipped" in command("dead-letters", "redrive", "--dry-run").stdout
    elsewhere = another_topic(command, "repair")
    assert redrive(command, "--to", elsewhere)["redriven"] == 1
    [event] = events(command, elsewhere)
    assert "ticket-streams.run" not in dict(event.headers)


def test_letters_of_another_installation_are_its_own_to_redrive(command: Command) -> None:
    theirs = command.scene.dead_letter(0, 1)
    theirs.headers.append(("ticket-streams.app", b"them"))
    letter(command, theirs)
    done = redrive(command)
    assert (done["redriven"], done["of_others"], done["refused"]) == (2, 1, {})
    shown = command("dead-letters", "redrive", "--dry-run").stdout
    assert "1 are of other installations: skipped" in shown


def test_a_dry_run_and_a_no_change_nothing(command: Command) -> None:
    dry = command.json("dead-letters", "redrive", "--dry-run")
    assert (dry["dry_run"], dry["planned"], dry["redriven"]) == (True, 2, 0)
    shown = command("dead-letters", "redrive", "--dry-run")
    assert "2 events from" in shown.stdout
    assert "Nothing was done" in shown.stdout
    refused = command("dead-letters", "redrive", stdin=b"n\n")
    assert refused.exit_code == 1
    assert "Redrive 2 events?" in refused.stderr
    assert events(command) == []
    agreed = command("dead-letters", "redrive", stdin=b"y\n")
    assert (agreed.exit_code, "redriven 2 of 2" in agreed.stdout) == (0, True)


def test_a_limit_takes_the_oldest_and_the_next_run_goes_on(command: Command) -> None:
    first = redrive(command, "--limit", "1")
    assert (first["redriven"], first["beyond_limit"]) == (1, 1)
    second = redrive(command, "--limit", "1")
    assert (second["redriven"], second["beyond_limit"], second["already_redriven"]) == (1, 0, 1)
    assert {record.partition for record in events(command)} == {0, 1}


def test_filters_hold_for_redriving_too(command: Command) -> None:
    assert redrive(command, "--error-type", "tombstone")["planned"] == 0
    assert redrive(command, "--partition", "1")["redriven"] == 1
    assert [record.partition for record in events(command)] == [1]


def test_an_event_that_comes_back_is_refused_in_the_end(command: Command) -> None:
    scene = command.scene
    again = scene.dead_letter(0, 9)
    again.headers.append(("ticket-streams.redrive.count", b"3"))
    letter(command, again)
    data = redrive(command, code=1)
    assert data["redriven"] == 2
    assert [(text_, n) for text_, n in data["refused"].items()] == [
        ("redriven 3 times before: raise --most-times to try once more", 1)
    ]
    assert redrive(command, "--most-times", "4")["redriven"] == 1
    counts = {text(value) for r in events(command) for name, value in r.headers if "count" in name}
    assert counts == {"1", "4"}


def test_letters_that_cannot_be_redriven_are_counted_with_the_reason(command: Command) -> None:
    topics, gone = command.scene.topics, command.scene.dead_letter(0, 5)
    too_large = Written(
        topics.dead_letter,
        0,
        b"k",
        None,
        [*gone.headers, ("ticket-streams.error.type", b"too_large")],
    )
    strayed = Written(
        topics.dead_letter, 0, b"k", b"{", [*gone.headers, ("__streams.errors.topic", b"no-such")]
    )
    ours = Written(
        topics.dead_letter, 0, b"k", b"{",
        [*gone.headers, ("__streams.errors.topic", topics.calls.encode())],
    )  # fmt: skip
    bare = Written(topics.dead_letter, 0, b"k", b"{")
    letter(command, too_large, strayed, ours, bare)
    data = redrive(command, code=1)
    assert data["redriven"] == 2
    reasons = " / ".join(data["refused"])
    for part in ("too large to be kept", "no topic no-such", "only the worker", "give --to"):
        assert part in reasons
    assert sum(data["refused"].values()) == 4


def test_another_topic_gets_what_is_sent_there(command: Command) -> None:
    repair = another_topic(command, "repair")
    assert redrive(command, "--to", repair)["to"] == {repair: 2}
    assert len(events(command, repair)) == 2
    assert events(command) == []
    refused = command("dead-letters", "redrive", "--to", command.scene.topics.done, "--yes")
    assert refused.exit_code == 2
    assert "only ticket-streams itself writes" in refused.stderr


def test_letters_that_a_topic_would_not_take_do_not_hold_up_the_others(command: Command) -> None:
    small = another_topic(command, "small", {"max.message.bytes": "20000"})
    topic, headers = command.scene.topics.dead_letter, command.scene.dead_letter(0, 6).headers
    letter(command, Written(topic, 0, b"k", b"x" * 19_000, headers))
    letter(command, *(Written(topic, 0, b"k", b"x" * 100, headers) for _ in range(150)))
    data = redrive(command, "--to", small, code=1)
    assert data["redriven"] == 152
    assert data["refused"] == {f"too large for topic {small} (max.message.bytes)": 1}
    # Its own topic has room for it.
    assert redrive(command)["redriven"] == 1
