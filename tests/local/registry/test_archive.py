"""The registry's files, from an archive of the test's own; no network."""

import tarfile
from pathlib import Path

import pytest

from streams.local.kafka import download
from streams.local.kafka.jars import CACHE_DIR, Jar, locked
from streams.local.registry import archive


def test_the_lock_names_one_archive_and_no_host() -> None:
    [found] = locked("streams.local.registry")
    assert found.file == "apicurio-registry-app-3.3.3-all.tar.gz"
    assert len(found.sha256) == 64


def test_a_coordinate_may_have_a_classifier() -> None:
    assert Jar("g:a:1", 0, "").file == "a-1.jar"
    assert Jar("g:a:1:all:tar.gz", 0, "").parts == ("g", "a", "1", "all", "tar.gz")


def test_it_is_downloaded_and_unpacked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_DIR, str(tmp_path))
    downloads: list[Path] = []

    def fill(folder: Path, jars: list[Jar], what: str) -> None:
        assert what == "Apicurio Registry"
        folder.mkdir()
        downloads.append(folder)
        jar = tmp_path / archive.JAR
        jar.write_bytes(b"jar")
        with tarfile.open(folder / jars[0].file, "w:gz") as file:
            file.add(jar, archive.JAR)

    monkeypatch.setattr(download, "fill", fill)
    place = archive.fetch()
    assert (place / archive.JAR).read_bytes() == b"jar"
    assert not downloads[0].exists()  # the archive is not kept beside what was in it
    assert archive.fetch() == place
    assert len(downloads) == 1
