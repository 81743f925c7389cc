"""The names that others rely on, the licence, and what no file may say."""

import hashlib
import re

import pytest

from tests.house.files import ROOT, project_files, text

# SHA-256 of the licence's words with one space between each.
APACHE_2 = "0ffddef9e48f8a09aed5caf2d44f7ba1c1be2d9b8e0a6f693b1635b2d5566645"
# Written so that this file does not name them itself.
REGISTRY_HOST = re.compile(
    r"(pypi|pythonhosted|maven|npmjs|crates|proxy[.]golang|deb[.]debian)[a-z.]*[.](org|com|io|dev)\b"
)


@pytest.mark.parametrize(
    "name", ["pyproject.toml", "docker-compose.yml", "README.md", "Makefile", ".ci/run"]
)
def test_the_fixed_files_are_there(name: str) -> None:
    assert (ROOT / name).is_file()


@pytest.mark.parametrize("name", ["streams", "schemas", "tests"])
def test_the_fixed_folders_are_there(name: str) -> None:
    assert (ROOT / name).is_dir()


def test_the_licence_is_apache_2_in_full() -> None:
    words = " ".join(text("LICENSE").split())
    assert words.startswith("Apache License Version 2.0, January 2004")
    assert hashlib.sha256(words.encode()).hexdigest() == APACHE_2
    assert 'license = "Apache-2.0"' in text("pyproject.toml")


def test_no_file_names_a_registry() -> None:
    named = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in project_files()
        for match in REGISTRY_HOST.finditer(path.read_text("utf-8", errors="ignore"))
    ]
    assert not named


def test_no_lock_file_that_names_hosts_is_kept() -> None:
    assert not {path.name for path in project_files()} & {"uv.lock", "pylock.toml"}


def test_every_test_folder_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]
