"""CI holds what a ticket takes: `make bench-check` is one of the tests."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
from click.testing import CliRunner

from benchmarks.guard import __main__ as guard
from benchmarks.guard.compare import Counted

KNOWN = guard.read_baselines().get(guard.VERSION)


@pytest.mark.timeout(600)  # seven seconds of CPU, on whatever else the machine does
@pytest.mark.skipif(KNOWN is None, reason=f"no baseline for Python {guard.VERSION}")
def test_a_ticket_takes_no_more_than_the_baseline_and_15_percent() -> None:
    # A process of its own: what the other tests have loaded and remembered would count, too.
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.guard"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TICKET_STREAMS_BATCH_SIZE": "3"},  # settings of this machine: not used
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["by_group"].keys() == {"25", "1"}
    assert found["by_group"]["25"]["sent"]["calls sent"] < 0.06  # 25 tickets a call, but a few


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    figures = {"decode": {"instructions": 300.0, "native_calls": 10.0}, "sent": {"calls sent": 1.0}}
    now = Counted(1_000.0, {"25": figures})
    monkeypatch.setattr(guard, "count", lambda: now)
    return now


def test_the_check_fails_and_names_the_part(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = replace(counted, calibration=1_200.0)
    monkeypatch.setattr(guard, "read_baselines", lambda: {guard.VERSION: asdict(before)})
    result = CliRunner().invoke(guard.main)
    assert result.exit_code == 1
    assert "instructions a ticket at 25 a call: 300.0, +20% beside 300.0" in result.stderr
    assert "grew: decode" in result.stderr


@pytest.mark.usefixtures("counted")
def test_without_a_baseline_nothing_fails_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "read_baselines", dict)
    result = CliRunner().invoke(guard.main)
    assert result.exit_code == 0
    assert "--update writes one" in result.stderr
