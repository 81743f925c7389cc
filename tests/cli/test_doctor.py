import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka.admin import NewTopic

from streams.audit.topic_admin import create_missing, open_admin, wait_until_known
from streams.doctor import examine
from streams.local.standin import StandIn
from tests.cli.scene_cli import Command

Findings = list[dict[str, Any]]


class Doctor(Command):
    """The command, and what it found by its level."""

    def findings(self, exit_code: int) -> Findings:
        result = self("doctor", "--json")
        assert result.exit_code == exit_code, result.output
        answer = json.loads(result.stdout)
        assert answer["ok"] == (exit_code == 0)
        return list(answer["findings"])

    def wrong(self) -> Findings:
        return [finding for finding in self.findings(1) if finding["level"] == "wrong"]


@pytest.fixture(scope="module")
def api() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def surroundings(api: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    monkeypatch.setenv("TICKET_STREAMS_WORKER_PORT", "0")


@pytest.fixture
def doctor(
    kafka: str, namespace: str, surroundings: None, monkeypatch: pytest.MonkeyPatch
) -> Doctor:
    return Doctor(kafka, namespace, monkeypatch)


@pytest.mark.kafka
def test_a_sound_installation_has_nothing_wrong(doctor: Doctor, api: StandIn) -> None:
    doctor.publish()
    api.reset()
    found = doctor.findings(0)
    told = {finding["check"]: finding for finding in found if finding["level"] == "ok"}
    assert {"settings", "machine", "topics", "prices", "key", "clock"} <= told.keys()
    kafka = next(finding for finding in found if finding["check"] == "kafka")
    assert "one broker, Kafka 4.0 or newer" in kafka["message"]
    consumers = next(finding for finding in found if finding["check"] == "consumers")
    assert "isolation.level=read_committed" in consumers["advice"]
    group = next(finding for finding in found if finding["check"] == "group")
    assert "has no worker" in group["message"]
    assert not api.account()["calls"]
    assert not any("sk-secret" in str(finding) for finding in found)


@pytest.mark.kafka
def test_people_get_a_line_for_each_finding(doctor: Doctor) -> None:
    asyncio.run(create_missing(doctor.settings, doctor.scene.topics, partitions=2))
    result = doctor("doctor")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert {line.split()[0] for line in lines} == {"ok", "note", "warn"}
    assert len(lines) == len(doctor.findings(0))


@pytest.mark.kafka
def test_missing_topics_are_wrong_and_the_rest_is_told_all_the_same(doctor: Doctor) -> None:
    [finding] = doctor.wrong()
    assert finding["message"] == "every topic: there is no such topic"
    assert finding["advice"] == "ticket-streams topics --create"
    assert {"key", "prices"} <= {finding["check"] for finding in doctor.findings(1)}


@pytest.mark.kafka
def test_a_changelog_that_kafka_deletes_from_is_wrong(doctor: Doctor, kafka: str) -> None:
    spend = doctor.scene.topics.spend

    async def spoil() -> None:
        async with open_admin(kafka) as admin:
            config = {"cleanup.policy": "delete", "message.timestamp.type": "CreateTime"}
            await admin.create_topics([NewTopic(spend, 2, 1, topic_configs=config)])
            await wait_until_known(admin, [spend])
        await create_missing(doctor.settings, doctor.scene.topics, partitions=3)

    asyncio.run(spoil())
    told = "\n".join(finding["message"] for finding in doctor.wrong())
    assert f"{spend}: 2 partitions, needs the 3 of {doctor.scene.topics.input}" in told
    assert f"{spend}: cleanup.policy is delete, needs compact" in told
    assert f"{spend}: message.timestamp.type is CreateTime, needs LogAppendTime" in told


def test_without_kafka_everything_else_is_told(
    surroundings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    [finding] = Doctor("127.0.0.1:1", "nowhere", monkeypatch).wrong()
    assert "KAFKA_BOOTSTRAP_SERVERS" in finding["message"]


@pytest.mark.parametrize(
    ("told", "spoilt"),
    [
        ("ANTHROPIC_API_KEY is not set", {"ANTHROPIC_API_KEY": ""}),
        ("ANTHROPIC_BASE_URL", {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}),
        ("TICKET_STREAMS_MODEL: claude-9 has no price", {"TICKET_STREAMS_MODEL": "claude-9"}),
        (
            "TICKET_STREAMS_ESCALATION_MODEL: the API has no",
            {"TICKET_STREAMS_ESCALATION_MODEL": "claude-3-5-haiku-20241022"},
        ),
        ("SCHEMA_REGISTRY_URL: the schema", {"SCHEMA_REGISTRY_URL": "http://127.0.0.1:1"}),
        ("TICKET_STREAMS_STALL_LIMIT", {"TICKET_STREAMS_CALL_TIMEOUT": "120"}),
        ("TICKET_STREAMS_WINDOW_SECONDS", {"TICKET_STREAMS_WINDOW_SECONDS": "7"}),
        ("TICKET_STREAMS_MAX_PENDING", {"TICKET_STREAMS_MAX_PENDING": "10"}),
        ("TICKET_STREAMS_STOP_GRACE", {"TICKET_STREAMS_STOP_GRACE": "30"}),
        ("TICKET_STREAMS_ESCALATION_THRESHOLD", {"TICKET_STREAMS_ESCALATION_THRESHOLD": "0"}),
        ("TICKET_STREAMS_BATCH_TOKENS", {"TICKET_STREAMS_MAX_TEXT_CHARS": "60000"}),
        ("TICKET_STREAMS_DASHBOARD_TOKEN", {"TICKET_STREAMS_DASHBOARD_HOST": "0.0.0.0"}),
    ],
)
def test_each_misconfiguration_is_named(
    told: str,
    spoilt: dict[str, str],
    surroundings: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doctor = Doctor("127.0.0.1:1", "nowhere", monkeypatch)
    for name, value in spoilt.items():
        monkeypatch.setenv(name, value)
    named = [f for f in doctor.findings(1) if told in f"{f['message']} {f['advice']}"]
    assert named
    assert {finding["level"] for finding in named} <= {"warn", "wrong"}


def test_a_port_where_nobody_speaks_kafka_is_named_in_time(
    surroundings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examine.KAFKA_SECONDS <= 30
    monkeypatch.setattr(examine, "KAFKA_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        [finding] = Doctor(address, "nowhere", monkeypatch).wrong()
    assert "KAFKA_BOOTSTRAP_SERVERS" in finding["message"]
