import re
from pathlib import Path

import pytest

from streams.local.kafka import jars
from streams.local.kafka.relock import HEADER, LOCK, ROOTS, render


def test_the_lock_holds_the_roots() -> None:
    assert set(ROOTS) <= {jar.coordinate for jar in jars.locked()}


def test_the_lock_is_as_relock_writes_it_and_names_no_host() -> None:
    text = LOCK.read_text("utf-8")
    assert text == render(jars.locked())
    assert "//" not in text.removeprefix(HEADER)


def test_each_jar_has_a_digest_and_a_name_of_its_own() -> None:
    every = jars.locked()
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) and jar.size for jar in every)
    assert len({jar.file for jar in every}) == len(every)


def test_a_jar_of_another_size_does_not_count_as_cached(tmp_path: Path) -> None:
    jar = jars.Jar("g:a:1", 3, "0" * 64)
    assert not jar.is_in(tmp_path)
    (tmp_path / "a-1.jar").write_bytes(b"12")
    assert not jar.is_in(tmp_path)
    (tmp_path / "a-1.jar").write_bytes(b"123")
    assert jar.is_in(tmp_path)


def test_the_cache_folder_follows_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(jars.CACHE_DIR, str(tmp_path))
    assert jars.folder() == tmp_path / "jars"
    monkeypatch.delenv(jars.CACHE_DIR)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert (tmp_path / "home") in jars.folder().parents
