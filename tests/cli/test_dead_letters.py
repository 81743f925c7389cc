"""dead-letters list and show."""

import asyncio
import base64
import json

import pytest

from tests.audit.kafka_scene import create_topic, producer_for, write
from tests.audit.scene import Written
from tests.cli.scene_cli import Command
from tests.dead_letters.records import CONNECT, OURS, SPRING, Headers

pytestmark = pytest.mark.kafka

TICKET = json.dumps({"id": "t1", "text": "my secret \x1b[31mtext"}).encode()


@pytest.fixture
def command(kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(kafka, namespace, monkeypatch)


def write_to(command: Command, topic: str, *letters: tuple[bytes, Headers]) -> None:
    """Makes a dead-letter topic of somebody else's, with one partition."""

    async def work() -> None:
        await create_topic(command.settings.bootstrap_servers, topic, partitions=1)
        async with producer_for(command.settings, "others") as producer, producer.transaction():
            records = [Written(topic, 0, b"k", v, [(n, h or b"") for n, h in headers])
                       for v, headers in letters]  # fmt: skip
            await write(producer, records)

    asyncio.run(work())


def test_it_lists_coordinates_and_reasons_but_no_text(command: Command, namespace: str) -> None:
    command.publish()
    data = command.json("dead-letters", "list")
    assert data["total"] == 2
    assert data["by_error_type"] == {"not_json": 2}
    assert {letter["source"] for letter in data["dead_letters"]} == {
        f"{namespace}-tickets[{partition}]@3" for partition in (0, 1)
    }
    assert {letter["error_type"] for letter in data["dead_letters"]} == {"not_json"}
    shown = command("dead-letters", "list", "--limit", "1").stdout
    assert "the event is not JSON" in shown
    assert "1 of 2: 2 not_json" in shown
    # Without a sub-command it is the same.
    assert command("dead-letters", "--limit", "1").stdout == shown
    assert command.json("dead-letters") == data
    assert "redrive" in command("dead-letters", "--help").stdout


def test_filters_leave_the_others_out(command: Command) -> None:
    command.publish()
    for filters, total in {
        ("--error-type", "not_json"): 2,
        ("--error-type", "tombstone"): 0,
        ("--stage", "decode", "--since", "1h"): 2,
        ("--until", "1h"): 0,
        ("--since", "2100-01-01"): 0,
        ("--partition", "1"): 1,
        ("--source-topic", "none"): 0,
    }.items():
        assert command.json("dead-letters", "list", *filters)["total"] == total, filters
    where = command.json("dead-letters", "--partition", "1")["dead_letters"][0]["offset"]
    at = ("--partition", "1", "--offset")
    assert command.json("dead-letters", *at, f"0-{where}")["total"] == 1
    assert command.json("dead-letters", *at, f"{where + 1}")["total"] == 0


def test_it_reads_the_letters_of_connect_and_spring(command: Command, namespace: str) -> None:
    topic = f"{namespace}-orders.dlq"
    write_to(command, topic, (b"1", CONNECT), (b"2", SPRING))
    letters = command.json("dead-letters", "--topic", topic)["dead_letters"]
    assert [letter["family"] for letter in letters] == ["spring", "kafka-connect"]
    assert {letter["source"] for letter in letters} == {"orders[3]@1042"}
    only = command.json("dead-letters", "--topic", topic, "--stage", "VALUE_CONVERTER")
    assert [letter["family"] for letter in only["dead_letters"]] == ["kafka-connect"]


def test_those_of_other_installations_are_shown_only_when_asked_for(command: Command) -> None:
    topic = f"{command.settings.app_id}-shared"
    theirs: Headers = [*OURS, ("ticket-streams.app", b"them\x1b[31m")]
    write_to(command, topic, (TICKET, OURS), (TICKET, theirs))
    ours = command.json("dead-letters", "--topic", topic)
    assert (ours["total"], ours["others"]) == (1, 1)
    assert [letter["offset"] for letter in ours["dead_letters"]] == [0]
    assert "--all-apps lists them too" in command("dead-letters", "--topic", topic).stdout
    every = command.json("dead-letters", "--topic", topic, "--all-apps")
    assert (every["total"], every["others"]) == (2, 0)
    assert {letter["app"] for letter in every["dead_letters"]} == {"", "them\x1b[31m"}
    at = ("dead-letters", "show", "0:1", "--topic", topic)
    refused = command(*at, "--text")
    assert refused.exit_code == 1
    assert "is of installation them" in refused.stderr
    assert "secret" not in refused.output
    assert "\x1b" not in refused.output
    assert command.json(*at, "--all-apps")["offset"] == 1


def test_show_tells_everything_but_the_text(command: Command, namespace: str) -> None:
    topic = f"{namespace}-orders.dlq"
    write_to(command, topic, (TICKET, SPRING), (b"\xff", CONNECT))
    data = command.json("dead-letters", "show", "0:0", "--topic", topic)
    assert (data["key"], data["value_bytes"], data["source_offset"]) == ("k", len(TICKET), 1042)
    assert ["kafka_dlt-original-partition", "3"] in data["headers"]
    assert "ticket" not in data
    shown = command("dead-letters", "show", "0:0", "--topic", topic).stdout
    assert "orders[3]@1042" in shown
    assert "secret" not in shown + json.dumps(data)

    shown = command("dead-letters", "show", "0:0", "--topic", topic, "--text").stdout
    assert "my secret" in shown
    assert "\x1b" not in shown
    data = command.json("dead-letters", "show", "0:0", "--topic", topic, "--text")
    assert data["ticket"]["text"] == "my secret \x1b[31mtext"
    assert base64.b64decode(data["value_base64"]) == TICKET
    data = command.json("dead-letters", "show", "0:1", "--topic", topic, "--text")
    assert (data["ticket"], data["value_base64"]) == (None, "/w==")
    assert "UTF-8" in data["undecodable"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "0:99"], "no dead letter stands at 0:99"),
        (["show", "7:0"], "has no partition 7"),
        (["list", "--topic", "none"], "there is no topic none"),
        (["show", "3"], "not like 3:1042"),
        (["--since", "yesterday"], "neither like 2h"),
        (["--offset", "3"], "--offset needs --partition"),
        (["--partition", "0", "--offset", "3-x"], "a range like 17-40"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(command: Command, words: list[str], said: str) -> None:
    command.publish()
    result = command("dead-letters", *words)
    assert result.exit_code != 0
    assert said in result.stderr
    assert not isinstance(result.exception, Exception)
