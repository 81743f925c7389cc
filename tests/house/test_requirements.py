"""The requirements: each download has a known hash, and no registry is named."""

import re
import tomllib

import pytest

from tests.house.files import REQUIREMENTS, text

PINNED = re.compile(r"^([a-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Version by package in the requirements file ``name``."""
    return dict(PINNED.findall(text(name)))


def entries(name: str) -> list[str]:
    """The logical lines of the requirements file ``name``: one package with its hashes each."""
    joined = text(name).replace("\\\n", " ")
    return [
        line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_package_is_pinned_and_has_a_hash(name: str) -> None:
    assert entries(name)
    for entry in entries(name):
        assert PINNED.match(entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_no_address_is_written(name: str) -> None:
    assert not re.findall(r"\w+://\S*|^--?(?:i|index|extra|find).*", text(name), re.MULTILINE)


def test_the_files_agree_with_each_other() -> None:
    everything = pins("requirements-dev.txt")
    for name in REQUIREMENTS:
        for package, version in pins(name).items():
            assert everything.get(package, version) == version, (name, package)
    assert pins("requirements.txt").keys() <= everything.keys()


def test_exact_pins_of_pyproject_are_the_ones_installed() -> None:
    wanted = tomllib.loads(text("pyproject.toml"))["project"]["dependencies"]
    exact = dict(pin.split("==") for pin in wanted if "==" in pin)
    assert {"faust-streaming", "mode-streaming", "aiokafka"} <= exact.keys()
    installed = pins("requirements.txt")
    assert {package: installed.get(package) for package in exact} == exact


def test_every_dependency_of_pyproject_is_locked() -> None:
    pyproject = tomllib.loads(text("pyproject.toml"))
    project, groups = pyproject["project"], pyproject["dependency-groups"]
    for wanted, name in (
        (project["dependencies"], "requirements.txt"),
        (project["dependencies"], "requirements-dev.txt"),
        (project["optional-dependencies"]["dev"], "requirements-dev.txt"),
        (groups["build"], "requirements-build.txt"),
        (pyproject["build-system"]["requires"], "requirements-build.txt"),
    ):
        packages = {re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0].lower() for line in wanted}
        assert packages <= pins(name).keys(), f"run `make requirements`: {name}"
