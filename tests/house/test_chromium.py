"""The browser tests have a browser: found, installed where that is allowed, or missed aloud."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.chromium import WHY, find_chromium
from tests.house.files import ROOT

FAKE = "#!/bin/sh\n"


class Machine:
    """Commands that ``.ci/chromium`` may find, and no others."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.out = folder / "build" / ".chromium"
        for name in ("bash", "mkdir", "dirname", "timeout", "env", "cp", "chmod", "sh"):
            found = next(p for p in ("/usr/bin", "/bin") if Path(p, name).exists())
            (self.bin / name).symlink_to(Path(found, name))

    def has(self, name: str, script: str = "exit 0") -> Path:
        file = self.bin / name
        file.write_text(f"{FAKE}{script}\n")
        file.chmod(0o755)
        return file

    def prepare(self) -> str:
        ended = subprocess.run(
            [ROOT / ".ci" / "chromium", self.out],
            env={"PATH": str(self.bin)},
            capture_output=True,
            text=True,
            check=True,  # it never fails the build
        )
        return ended.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("name", ["chromium", "google-chrome"])
def test_the_machines_own_is_taken(machine: Machine, name: str) -> None:
    path = machine.has(name)
    machine.has("apt-get", "exit 1")
    assert machine.prepare() == ""
    assert machine.out.read_text() == f"{path}\n"


@pytest.mark.parametrize("user", [0, 1000])
def test_debians_is_installed_where_that_is_allowed(machine: Machine, user: int) -> None:
    machine.has("id", f"echo {user}")
    machine.has("sudo", 'shift; exec "$@"')  # sudo -n COMMAND, without a password
    machine.has("true")
    machine.has("apt-get", f"cp {machine.bin}/true {machine.bin}/chromium")
    assert "Installing" in machine.prepare()
    assert machine.out.read_text() == f"{machine.bin}/chromium\n"


@pytest.mark.parametrize("refusal", ["no apt-get", "no root", "no network"])
def test_without_one_it_says_so_and_nothing_fails(machine: Machine, refusal: str) -> None:
    machine.has("id", "echo 1000" if refusal == "no root" else "echo 0")
    machine.has("sudo", "exit 1")
    if refusal != "no apt-get":
        machine.has("apt-get", "exit 100")
    assert "skipped" in machine.prepare()
    assert not machine.out.exists()


@pytest.mark.skipif(not os.environ.get("CI"), reason="only CI must have a browser")
def test_ci_has_a_browser() -> None:
    assert find_chromium(), WHY


def test_what_make_found_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "mine"
    mine.write_text(FAKE)
    mine.chmod(0o755)
    (tmp_path / "found").write_text(f"{mine}\n")
    monkeypatch.setattr("tests.chromium.FOUND", tmp_path / "found")
    assert find_chromium() == str(mine)
    mine.chmod(0o644)
    assert find_chromium() != str(mine)
