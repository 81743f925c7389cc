import asyncio
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord

from streams.audit.snapshot import read_topic
from streams.delivery.records import partition_for
from streams.mapping.samples import samples_of
from tests.cli.scene_cli import Command

pytestmark = pytest.mark.kafka

LINES = [b'{"id": "%d", "text": "hello", "customer_id": "c%d"}' % (i, i % 7) for i in range(100)]


@pytest.fixture
def command(kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    command = Command(kafka, namespace, monkeypatch)
    command.json("topics", "--create", "--partitions", "4")
    return command


def sent(command: Command) -> list[ConsumerRecord]:
    async def read() -> list[ConsumerRecord]:
        settings = command.settings
        return [r async for r in read_topic(settings.bootstrap_servers, settings.input_topic)]

    return asyncio.run(read())


def test_lines_of_a_file_arrive_as_they_are_keyed_and_partitioned_as_by_java(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "tickets.jsonl"
    file.write_bytes(b"\n".join([*LINES, b"", b""]))
    assert command.json("send", str(file))["sent"] == 100
    records = sent(command)
    assert sorted(r.value or b"" for r in records) == sorted(LINES)
    assert {r.key for r in records} == {f"c{i}".encode() for i in range(7)}
    assert all(r.partition == partition_for(r.key, 0, 4) for r in records)


def test_standard_input_and_another_key(command: Command) -> None:
    stdin = b'{"id": "1", "text": "hi"}\n{"id": "2", "text": "hi", "channel": "web"}'
    result = command("send", "--key", "channel", stdin=stdin)
    assert "sent 2 tickets" in result.stdout
    assert {r.key for r in sent(command)} == {None, b"web"}


def test_a_line_that_is_no_ticket_is_named_by_its_number(command: Command) -> None:
    result = command("send", stdin=LINES[0] + b'\n{"id": 1}\n' + LINES[1])
    assert result.exit_code == 1
    assert "line 2" in result.stderr
    assert [r.value for r in sent(command)] == LINES[:1]


def test_unchecked_lines_are_sent_as_they_are(command: Command) -> None:
    assert command.json("send", "--unchecked", stdin=b"{broken\n[]\n")["sent"] == 2
    assert {(r.key, r.value) for r in sent(command)} == {(None, b"{broken"), (None, b"[]")}


def test_a_missing_topic_is_not_created(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(kafka, f"{namespace}x", monkeypatch)
    for _ in range(2):
        result = command("send", stdin=LINES[0])
        assert result.exit_code == 1
        assert "run ticket-streams topics --create" in result.stderr


def test_events_of_another_shape_are_sent_as_they_are_keyed_by_their_ticket(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKET_STREAMS_MAPPING", "zendesk")
    events = samples_of("zendesk")
    stdin = b"\n".join(event.value for event in events)
    assert command.json("send", "--header", "a=1", stdin=stdin)["sent"] == len(events)
    records = sent(command)
    assert sorted(r.value or b"" for r in records) == sorted(event.value for event in events)
    assert {r.key for r in records} == {b"812001", b"812002", b"812003", None}
    assert all(r.headers == (("a", b"1"),) for r in records)
    result = command("send", stdin=b'{"type": "zen:event-type:ticket.created"}')
    assert "line 1: field id is missing" in result.stderr
