"""``ticket-streams registry``; tests/integration/test_schema_registry.py starts a real one."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.registry import command
from streams.local.kafka.ports import HOST
from streams.local.registry import archive
from streams.local.registry.server import LocalRegistry


@pytest.fixture(autouse=True)
def _no_download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(archive, "fetch", lambda: tmp_path)


def test_it_says_what_to_export_and_stops_on_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def start(registry: LocalRegistry) -> None:
        registry.port = 8123
        seen.append("started")

    def wait(registry: LocalRegistry) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LocalRegistry, "start", start)
    monkeypatch.setattr(LocalRegistry, "wait", wait)
    monkeypatch.setattr(LocalRegistry, "stop", lambda _: seen.append("stopped"))
    result = CliRunner().invoke(command, ["--port", "0"])
    assert result.exit_code == 0
    assert "export SCHEMA_REGISTRY_URL=http://127.0.0.1:8123/apis/ccompat/v7" in result.output
    assert seen == ["started", "stopped"]


def test_a_taken_port_is_one_line_and_exit_code_1() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = str(server.getsockname()[1])
        result = CliRunner().invoke(command, ["--port", port])
    assert result.exit_code == 1
    assert f"port {port} is in use" in result.output


def test_fetch_only_starts_nothing(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--fetch-only"])
    assert result.exit_code == 0
    assert str(tmp_path) in result.output
