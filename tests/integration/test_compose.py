"""The compose file's own services, started as it says, on embedded Kafka and a real registry."""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from streams.audit.snapshot import read_topic
from streams.audit.verify import verify
from streams.events.topics import Topics
from streams.local.registry.server import LocalRegistry
from streams.settings import Settings, load_settings
from tests.compose import Compose

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.timeout(300)]

TICKETS = 60
PASSWORD = "a-password-for-the-page"


@pytest.fixture
def registry() -> Iterator[LocalRegistry]:
    with tempfile.TemporaryDirectory() as folder, LocalRegistry(Path(folder)) as registry:
        yield registry


@pytest.fixture
def compose(
    kafka: str, namespace: str, registry: LocalRegistry, tmp_path: Path
) -> Iterator[Compose]:
    """As the head of the file says for a run without a key."""
    compose = Compose(
        hosts={"kafka:19092": kafka, "registry:8080": f"127.0.0.1:{registry.port}"},
        given={
            "ANTHROPIC_API_KEY": "none",
            "ANTHROPIC_BASE_URL": "http://stand-in:8082",
            "TICKET_STREAMS_DASHBOARD_TOKEN": PASSWORD,
        },
        more={
            "TICKET_STREAMS_APP_ID": namespace,
            "TICKET_STREAMS_INPUT_TOPIC": f"{namespace}-tickets",
        },
        logs=tmp_path,
    )
    try:
        yield compose
    finally:
        compose.down()


def asked(port: int, path: str) -> Any:
    """The dashboard's answer to who knows the password."""
    login = b64encode(f":{PASSWORD}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Basic {login}"}
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


async def routed(settings: Settings, topics: Topics) -> int:
    """Tickets that a read_committed consumer finds."""
    return len([1 async for _ in read_topic(settings.kafka, *topics.outputs)])


async def test_the_services_of_the_file_route_tickets_and_keep_the_books(
    compose: Compose, registry: LocalRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose.up()
    for service in ("worker", "dashboard"):
        compose.until_healthy(service)

    for name, value in compose.environment("topics").items():  # as one sends from this machine
        monkeypatch.setenv(name, value)
    settings = load_settings()
    topics = Topics.of(settings)
    lines = (json.dumps({"id": str(n), "text": f"{n}: refund my invoice"}) for n in range(TICKETS))
    command = [sys.executable, "-m", "streams", "send", "--json"]
    sent = subprocess.run(command, input="\n".join(lines).encode(), stdout=PIPE, check=True)
    assert json.loads(sent.stdout)["sent"] == TICKETS
    deadline = time.monotonic() + 90
    while (found := await routed(settings, topics)) < TICKETS:
        assert time.monotonic() < deadline, f"{found} of {TICKETS}\n{compose.log('worker')}"

    report = await verify(settings, topics)
    assert report.ok, report
    assert found == TICKETS == report.tickets
    with urllib.request.urlopen(f"{registry.url}/subjects") as response:
        assert f"{topics.categories['billing']}-value" in json.load(response)
    spend = asked(compose.ports["dashboard"], "/api/spend")
    assert spend["total"]["tickets"] == TICKETS
    assert compose.stop("worker") == 0, compose.log("worker")
