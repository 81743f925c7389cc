"""``ticket-streams worker`` ends with the exit code that docs/reliability.md names."""

import gc
from types import SimpleNamespace
from typing import Any

import faust
import mode.loop
import pytest
from aiokafka.errors import KafkaConnectionError
from click.testing import CliRunner

from streams import app, preflight
from streams.cli import main
from streams.delivery.last_resort import EXIT_FAILED
from streams.observe import logs


class Crashing:
    """Faust's worker, as it ends when its consumer has met what it cannot go on from."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def execute_from_commandline(self) -> None:
        raise KafkaConnectionError


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def checked(_: object) -> None: ...

    def nothing(*_: Any, **__: Any) -> None: ...

    monkeypatch.setattr(preflight, "check", checked)
    monkeypatch.setattr(app, "build_app", nothing)
    monkeypatch.setattr(logs, "configure", nothing)
    monkeypatch.setattr(mode.loop, "use", nothing)
    monkeypatch.setattr(faust, "Worker", Crashing)
    quiet = SimpleNamespace(disable=nothing, enable=nothing, freeze=nothing, set_threshold=nothing)
    for name, stands_in in vars(quiet).items():
        monkeypatch.setattr(gc, name, stands_in)


@pytest.mark.usefixtures("crashing")
def test_a_consumer_that_crashes_is_no_failed_start() -> None:
    env = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "ANTHROPIC_API_KEY": "sk-ant-none"}
    assert CliRunner().invoke(main, ["worker"], env=env).exit_code == EXIT_FAILED
