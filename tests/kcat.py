"""kcat, a Kafka client that is not ours: Debian's package, or a word about why it is not tried."""

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

WHY = "kcat is not installed (on Debian: apt-get install kcat): it is not tried"


def kcat(*arguments: str) -> list[str]:
    """The lines that it prints. Skips the test where there is no kcat.

    In CI it is installed where that is possible, and fails the test where that does not work: a
    test that nobody runs promises nothing.
    """
    if shutil.which("kcat") is None and os.environ.get("CI") and _can_be_had():
        subprocess.run(
            ["apt-get", "install", "-y", "--no-install-recommends", "kcat"],
            capture_output=True,
            check=True,
        )
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


def _can_be_had() -> bool:
    """Whether apt has it, and we may install it."""
    if os.geteuid() != 0 or shutil.which("apt-cache") is None:
        return False
    shown = subprocess.run(["apt-cache", "show", "kcat"], capture_output=True, check=False)
    return shown.returncode == 0
