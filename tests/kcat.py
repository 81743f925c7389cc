"""kcat, a Kafka client that is not ours: Debian's package, or a word about why it is not tried."""

import json
import shutil
import subprocess
from typing import Any

import pytest

WHY = "kcat is not installed (on Debian: apt-get install kcat): it is not tried"


def kcat(*arguments: str) -> list[str]:
    """The lines that it prints. Skips the test where there is no kcat; .ci/tools installs it."""
    if shutil.which("kcat") is None:
        pytest.skip(WHY)
    done = subprocess.run(
        ["kcat", "-q", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def kcat_json(*arguments: str) -> list[Any]:
    """Its lines, read as JSON."""
    return [json.loads(line) for line in kcat(*arguments)]


def has_avro() -> bool:
    """Whether it was built with a client for schema registries; Debian's was not."""
    shown = subprocess.run(["kcat", "-V"], capture_output=True, text=True, check=False)
    return "avro" in shown.stdout.lower()
