"""The fixture ``kafka`` itself: one broker for all workers, gone with the run."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.kafka_fixture import ROOT, shared_broker

pytestmark = pytest.mark.kafka

RUN = """
import sys; from pathlib import Path; from tests.kafka_fixture import shared_broker
import os
print(shared_broker(Path(sys.argv[1]), os.getpid()), flush=True)
sys.stdin.read()
"""


def test_all_workers_get_the_same_broker_and_it_dies_with_the_run(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout
        bootstrap = run.stdout.readline().strip()
        assert shared_broker(tmp_path, os.getpid()) == bootstrap
        started = psutil.Process(run.pid).children(recursive=True)
        assert len(started) == 3  # keeper, supervisor, JVM
        run.send_signal(signal.SIGKILL)
    gone, alive = psutil.wait_procs(started, timeout=5)
    assert len(gone) == 3, alive


def test_a_broker_that_cannot_start_fails_every_worker_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "kafka.json").write_text(json.dumps({"error": "no network"}))
    with pytest.raises(Exception, match="no network"):
        shared_broker(tmp_path, os.getpid())
