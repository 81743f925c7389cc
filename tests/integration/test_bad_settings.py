"""A worker that cannot work says so in one line that names the setting, at once, and exits."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from streams.local.kafka.ports import free_port
from streams.settings import to_environment
from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def start_worker(environment: dict[str, str], **changes: str) -> str:
    """What it says when it refuses to start."""
    ended = subprocess.run(
        [sys.executable, "-m", "streams", "worker"],
        env={**os.environ, **environment, **changes},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode not in (0, None)
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, ended.stderr
    return lines[0]


async def test_each_bad_setting_is_named(kafka: str, namespace: str, tmp_path: Path) -> None:
    with running_stack(kafka, namespace, tmp_path, {}) as stack:
        good = to_environment(stack.settings)
        assert "ANTHROPIC_API_KEY" in start_worker(good, ANTHROPIC_API_KEY="")
        assert "TICKET_STREAMS_MODEL" in start_worker(good, TICKET_STREAMS_MODEL="claude-9")
        away = start_worker(good, KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
        assert "KAFKA_BOOTSTRAP_SERVERS" in away
        assert "TICKET_STREAMS_MAX_CALLS" in start_worker(good, TICKET_STREAMS_MAX_CALLS="many")
        assert "TICKET_STREAMS_CONFIG" in start_worker(good, TICKET_STREAMS_CONFIG="no-such.toml")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            said = start_worker(good, TICKET_STREAMS_WORKER_PORT=port)
            assert "TICKET_STREAMS_WORKER_PORT" in said
        missing = start_worker(good)
        assert "ticket-streams topics --create" in missing
        assert namespace in missing
