import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def test_the_demo_loses_nothing_balances_and_leaves_nothing_behind(tmp_path: Path) -> None:
    before = {process.pid for process in psutil.process_iter()}
    file = tmp_path / "deep" / "report.json"
    folder = tmp_path / "tmp"
    folder.mkdir()
    ended = subprocess.run(
        [sys.executable, "-m", "streams", "demo", "--tickets", "400", "--report", str(file)],
        capture_output=True,
        text=True,
        timeout=150,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(folder)},
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads(file.read_text())
    assert report["tickets"] == 400
    assert report["lost"] == report["duplicates"] == report["unsettled_picodollars"] == 0
    assert sum(report["routed"].values()) + report["dead_letters"] == 400
    assert report["unknown"] == report["routed"]["unknown"]
    assert sum(report["calls"].values()) == report["api_calls"] > 20
    assert report["api_calls"] < 200  # tickets share calls
    assert report["tiers"].keys() >= {"first", "escalation"}
    assert report["spend_picodollars"] == report["api_spend_picodollars"] > 0
    assert "Lost: 0" in ended.stdout

    assert list(folder.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "tmp"]
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline"])
        if process.pid not in before and str(folder) in " ".join(process.info["cmdline"] or [])
    ]
    assert left == []


def test_events_of_another_shape_are_routed_too(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    ended = subprocess.run(
        [sys.executable, "-m", "streams", "demo", "--mapping", "zendesk", "--report", str(file)],
        capture_output=True,
        text=True,
        timeout=150,
        cwd=tmp_path,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads(file.read_text())
    assert (report["tickets"], report["skipped"], report["lost"]) == (100, 20, 0)
    assert sum(report["routed"].values()) == 80
