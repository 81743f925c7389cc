import socket
from pathlib import Path

import pytest

from streams.doctor import machine
from streams.doctor.machine import check_file, check_versions, check_worker_port
from streams.settings import Settings
from tests.doctor.scene import only
from tests.doctor.server import answering


async def test_a_taken_port_is_wrong() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        finding = await check_worker_port(Settings(worker_port=taken.getsockname()[1]))
    assert finding.level == "wrong"
    assert "TICKET_STREAMS_WORKER_PORT" in finding.message


async def test_a_port_that_a_worker_has_is_none_of_our_troubles() -> None:
    async with answering(200, "ok\n") as (url, seen):
        port = int(url.rpartition(":")[2])
        finding = await check_worker_port(Settings(worker_port=port))
    assert [request.path for request in seen] == ["/livez"]
    assert finding.level == "ok"
    assert "a worker answers" in finding.message


@pytest.mark.parametrize(("mode", "wrong"), [(0o644, True), (0o600, False)])
def test_a_key_in_a_file_that_others_may_read_is_wrong(
    mode: int, wrong: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ticket-streams.toml"
    file.write_text('anthropic_api_key = "sk-secret"\n')
    file.chmod(mode)
    monkeypatch.setenv("TICKET_STREAMS_CONFIG", str(file))
    found = [*check_file()]
    assert bool(found) == wrong
    assert not any("sk-secret" in str(finding) for finding in found)
    assert all("chmod 600" in finding.advice for finding in found)


def test_other_versions_than_the_pinned_ones_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [*check_versions()] == []
    monkeypatch.setattr(machine, "misfits", lambda: ["aiokafka is 9.9.9, made for 0.14.0"])
    assert only([*check_versions()]).level == "wrong"
