import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.audit.kafka_scene import producer_for, write
from tests.cli.scene_cli import Command

pytestmark = pytest.mark.kafka


@pytest.fixture
def command(kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    command = Command(kafka, namespace, monkeypatch)
    command.publish()
    return command


@contextmanager
def api_with(account: Any) -> Iterator[str]:
    """An API that only gives its account."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/_standin/account" else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(account).encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_it_exits_with_0_when_every_promise_holds(command: Command) -> None:
    result = command("verify")
    assert result.exit_code == 0, result.output
    assert "10 tickets in the input topic, 2 unfinished" in result.stdout
    assert command.json("verify")["ok"] is True


def test_it_exits_with_1_and_names_the_culprit(command: Command) -> None:
    async def duplicate() -> None:
        scene = command.scene
        copy = next(r for r in scene.outputs if r.topic in scene.topics.categories.values())
        async with producer_for(command.settings, "bad") as producer, producer.transaction():
            await write(producer, [copy])

    asyncio.run(duplicate())
    result = command("verify")
    assert result.exit_code == 1
    assert f"duplicates: {command.settings.input_topic}[0]@0: again at" in result.stdout
    data = json.loads(command("verify", "--json").stdout)
    assert [c["name"] for c in data["checks"] if not c["ok"]] == ["duplicates", "spend"]


def test_it_compares_with_the_account_of_the_api(command: Command) -> None:
    scene = command.scene
    charged = scene.settled + scene.unsettled + 1
    account = {"calls": {"200": 4}, "by_model": {"claude-haiku-5-5": {"picodollars": charged}}}
    with api_with(account) as url:
        data = command.json("verify", "--account", url)
        assert data["unaccounted"] == {"calls": 0, "picodollars": 1}
        assert command("verify", "--account", url, "--strict").exit_code == 1


def test_an_address_without_an_account_is_told(command: Command) -> None:
    result = command("verify", "--account", "http://127.0.0.1:1")
    assert result.exit_code == 1
    assert "--account http://127.0.0.1:1" in result.stderr
