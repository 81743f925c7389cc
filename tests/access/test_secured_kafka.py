"""A whole installation where Kafka asks who is there, and allows what is documented and no more."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete
from click.testing import CliRunner, Result
from pydantic import SecretStr

from streams import preflight
from streams.access.acls import ROLES, Acl, commands, least
from streams.access.rights import missing
from streams.audit.group import read_group
from streams.audit.snapshot import open_snapshot
from streams.audit.topic_admin import open_admin
from streams.cli import main
from streams.dashboard.kafka_source import KafkaBooks
from streams.dashboard.server import start_dashboard
from streams.events.topics import Topics
from streams.settings import Settings, load_settings, to_environment
from tests.access.secured import PASSWORD, SecuredKafka, secured_kafka, unsigned_token
from tests.access.token_endpoint import CLIENT, SECRET, token_endpoint
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

TICKETS = [
    {"id": f"t-{n}", "text": f"Refund invoice {n}", "customer_id": str(n)} for n in range(60)
]
EVENTS = b"".join(json.dumps(ticket).encode() + b"\n" for ticket in TICKETS) + b"no ticket\n"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with secured_kafka(tmp_path_factory.mktemp("secured")) as kafka:
        yield kafka


def signed_in(stack: Stack, access: dict[str, Any]) -> Settings:
    return stack.settings.model_copy(update=access)


def command(settings: Settings, *words: str, stdin: bytes | None = None) -> Result:
    return CliRunner(env=to_environment(settings)).invoke(main, list(words), input=stdin)


def told(settings: Settings, *words: str, stdin: bytes | None = None) -> str:
    """What it prints. It must exit with 0."""
    result = command(settings, *words, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def replay(settings: Settings, *words: str) -> Any:
    """What it prints. A process of its own: a run that fails ends its process."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "streams",
            "replay",
            "--from",
            "earliest",
            "--yes",
            "--json",
            *words,
        ],
        env=to_environment(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


async def state_of_dashboard(settings: Settings) -> str:
    """What the dashboard says once it has loaded."""
    dashboard = await start_dashboard(settings, "127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(20):
            while True:
                async with session.get(f"{dashboard.url}/api/status") as answer:
                    state = str((await answer.json())["state"])
                if state != "loading":
                    return state
                await asyncio.sleep(0.05)
    finally:
        await dashboard.stop()


async def page_is_complete(settings: Settings) -> None:
    """Returns when everything on an open page has come."""
    source = KafkaBooks(settings, Topics.of(settings))
    following = asyncio.create_task(source.run())
    try:
        async with asyncio.timeout(20):
            with source.reader():
                while not (source.group and source.latest.tickets and source.latest.letters):
                    await source.changed(source.version)
    finally:
        following.cancel()
        await asyncio.wait([following])


def test_an_installation_needs_the_documented_rights_and_no_others(
    secured: SecuredKafka, namespace: str, tmp_path: Path
) -> None:
    with running_stack(
        secured.broker.bootstrap, namespace, tmp_path, {"latency": 0.3}, filter="id != 't-0'"
    ) as stack:
        users = {role: signed_in(stack, secured.access(role)) for role in ROLES}
        for role in ROLES:
            secured.grant(role, least(role, stack.settings))

        told(users["admin"], "topics", "--create", "--partitions", "2")
        told(users["admin"], "topics", "--partitions", "3", "--yes")
        told(users["admin"], "topics", "--fix", "--yes")
        assert "sent 61" in told(users["sender"], "send", "--unchecked", stdin=EVENTS)

        stack.worker_settings = users["worker"]
        first = stack.worker()
        stack.until("calls in flight", lambda: stack.calls() > 5)
        first.kill()
        second = stack.worker()
        asyncio.run(stack.until_finished(61))

        asyncio.run(trim(users["worker"], stack))
        assert asyncio.run(state_of_dashboard(users["dashboard"])) == "live"
        asyncio.run(page_is_complete(users["dashboard"]))
        reader = users["reader"]
        assert json.loads(told(reader, "status", "--json"))["group"]["workers"] == 1
        assert json.loads(told(reader, "top", "--json"))
        verified = json.loads(told(reader, "verify", "--json"))
        assert verified["ok"]
        assert verified["skipped"] == 1
        for words in (["spend"], ["errors"], ["what-if"], ["dead-letters", "list"]):
            told(reader, *words)
        told(reader, "export", "--out", str(tmp_path / "spend.csv"))
        assert second.stop() == 0

        operator = users["operator"]
        assert "redriven 1 of 1" in told(operator, "dead-letters", "redrive", "--yes")
        written_off = json.loads(told(operator, "reconcile", "--write-off", "--json"))
        assert written_off["written_off"] == len(written_off["calls"]) > 0
        replayed = replay(operator, "--category", "billing", "--run", "again")
        assert replayed["verify"]["ok"]
        assert replayed["tickets"] > 0
        of_run = operator.model_copy(update={"app_id": f"{operator.app_id}-replay-again"})
        assert json.loads(told(of_run, "spend", "--json"))
        answer = json.loads(told(users["worker"], "doctor", "--json"))
        assert answer["ok"], answer


def test_what_is_not_allowed_is_named_with_the_command_that_allows_it(
    secured: SecuredKafka, namespace: str, tmp_path: Path
) -> None:
    with running_stack(secured.broker.bootstrap, namespace, tmp_path, {}) as stack:
        asyncio.run(stack.create_topics(1))
        nobody = signed_in(stack, secured.access("nobody"))
        lacking = [
            Acl("topic", stack.topics.dead_letter, "Write"),
            Acl("topic", stack.topics.intents, "Delete"),
            Acl("group", nobody.app_id, "Read"),
            Acl("transactional-id", f"{nobody.app_id}-{nobody.input_topic}-", "Write", True),
        ]
        secured.grant("nobody", set(least("worker", nobody)) - set(lacking))
        stack.worker_settings = nobody
        worker = stack.worker()
        assert worker.wait() == 1
        [line] = worker.log.read_text().splitlines()
        for acl in lacking:
            assert str(acl) in line
        grants = commands(sorted(lacking), "User:nobody", nobody.bootstrap_servers)
        assert all(grant in line for grant in grants)

        result = command(nobody, "doctor", "--json")
        found = json.loads(result.stdout)["findings"]
        [access] = [f for f in found if f["check"] == "access" and f["level"] == "wrong"]
        assert all(grant in access["advice"] for grant in grants)
        assert PASSWORD not in result.output + line

        refused = command(nobody, "verify")
        assert refused.exit_code == 1
        assert f"Read on topic {stack.topics.redriven}" in refused.output

        secured.grant("nobody", lacking)
        asyncio.run(preflight.check(nobody.model_copy(update={"worker_port": 0})))


def test_tokens_and_certificates_carry_workers(
    secured: SecuredKafka, namespace: str, tmp_path: Path
) -> None:
    with (
        running_stack(secured.broker.bootstrap, namespace, tmp_path, {}) as stack,
        token_endpoint("worker") as endpoint,
    ):
        asyncio.run(stack.create_topics(2))
        secured.grant("worker", least("worker", stack.settings))
        tokens = {
            **secured.access("worker", "OAUTHBEARER"),
            "sasl_oauthbearer_token_endpoint_url": endpoint.url,
            "sasl_oauthbearer_client_id": CLIENT,
            "sasl_oauthbearer_client_secret": SecretStr(SECRET),
            "sasl_oauthbearer_scope": "kafka",
        }
        for way in (tokens, secured.tls):
            stack.worker_settings = signed_in(stack, way)
            stack.worker()
        asyncio.run(all_have_one(stack))
        sent = asyncio.run(stack.send_samples(40))
        asyncio.run(stack.until_finished(sent))
        assert [worker.stop() for worker in stack.workers] == [0, 0]
        # One for all clients of the worker, whichever loop and thread they are in.
        assert endpoint.asked == [{"grant_type": ["client_credentials"], "scope": ["kafka"]}]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_passwords_are_taken_by_every_mechanism(secured: SecuredKafka, mechanism: str) -> None:
    settings = load_settings(**secured.access("worker", mechanism))
    assert asyncio.run(rights(settings)) == least("worker", settings)


def test_a_token_may_come_from_a_file(secured: SecuredKafka, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(unsigned_token("worker") + "\n")
    given = secured.access("worker", "OAUTHBEARER")
    settings = load_settings(**given, sasl_oauthbearer_token_endpoint_url=file.as_uri())
    assert asyncio.run(rights(settings))
    file.unlink()
    result = command(settings, "spend")
    assert "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL names a file" in result.output


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"sasl_password": SecretStr("wrong")}, "KAFKA_SASL_PASSWORD"),
        ({"ssl_ca_location": None}, "KAFKA_SSL_CA_LOCATION"),
        ({"security_protocol": "SSL"}, "KAFKA_SECURITY_PROTOCOL"),
        ({"security_protocol": "PLAINTEXT"}, "KAFKA_SECURITY_PROTOCOL"),
    ],
)
def test_a_way_that_is_barred_names_the_setting(
    secured: SecuredKafka, change: dict[str, Any], named: str
) -> None:
    settings = load_settings(**{**secured.access("worker"), **change})
    result = command(settings, "spend")
    assert result.exit_code == 1
    assert named in result.output
    assert len(result.output.splitlines()) == 1
    assert PASSWORD not in result.output


async def all_have_one(stack: Stack) -> None:
    """Wait until each worker has one of the partitions."""
    wanted, seen = [1] * len(stack.workers), list[int]()
    async with open_snapshot(stack.settings.kafka) as snapshot:
        deadline = time.monotonic() + 60
        while seen != wanted:
            assert time.monotonic() < deadline, f"{seen}\n{stack.logs()}"
            await asyncio.sleep(0.2)
            group = await read_group(snapshot, stack.settings.app_id, stack.topics)
            seen = [len(member.partitions) for member in group.members]


async def rights(settings: Settings) -> list[Acl]:
    """What this user, who is known and allowed nothing, lacks to be a worker."""
    async with open_admin(settings.kafka) as admin:
        return await missing(admin, least("worker", settings))


async def trim(settings: Settings, stack: Stack) -> None:
    """As the worker's housekeeping does, every 30 seconds."""
    async with open_admin(settings.kafka) as admin:
        for topic in (stack.topics.done, stack.topics.intents):
            await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(1)})
