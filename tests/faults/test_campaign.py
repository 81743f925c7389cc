"""A short fault campaign: the long one is ``make faults SECONDS=1800``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kafka_fixture import ROOT

SECONDS = float(os.environ.get("FAULTS_SECONDS") or 120)
SEED = int(os.environ.get("FAULTS_SEED") or 1)
# A round may wait for what hangs, and is not broken off.
SLACK = 400

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.timeout(SECONDS + SLACK)]


def test_no_fault_loses_doubles_or_buys_again(tmp_path: Path) -> None:
    arguments = ["--seconds", str(SECONDS), "--seed", str(SEED), "--out", str(tmp_path)]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults.campaign", *arguments],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS + SLACK - 20,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr[-4000:]
    found = json.loads((tmp_path / "faults.json").read_text())
    total = found["total"]
    assert total["runs"] >= 1
    assert (total["lost"], total["duplicates"], total["called_again"]) == (0, 0, 0)
