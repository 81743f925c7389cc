"""The files of the checkout, as the tests of the house see them."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt")


def text(name: str) -> str:
    """The text of the file ``name``, a path from the top of the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


def project_files() -> list[Path]:
    """Every file that is in git or would be added to it; skips the test outside a checkout."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout: no list of the project's own files")
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]
