import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import tenacity

from streams.local.kafka import download
from streams.local.kafka.errors import KafkaUnavailable
from streams.local.kafka.jars import CACHE_DIR, Jar

CONTENT = b"not really a jar" * 1000
JARS = [
    Jar(f"org.demo:part{n}:1.0", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    for n in range(5)
]


@dataclass
class Repository:
    """A Maven repository that can be told to misbehave."""

    url: str = ""
    served: list[str] = field(default_factory=list)
    refusals: int = 0
    content: bytes = CONTENT
    half: bool = False
    asked: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    state = Repository()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith(".sha1"):
                self.send_error(404)
                return
            if state.refusals:
                state.refusals -= 1
                self.send_error(503)
                return
            state.served.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(state.content)))
            self.end_headers()
            if state.half:
                self.wfile.write(state.content[: len(state.content) // 2])
                self.wfile.flush()
                state.asked.set()
                state.released.wait()
            else:
                self.wfile.write(state.content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/maven"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv(download.REPOSITORY, state.url + "/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "BACK_OFF", tenacity.wait_none())
    yield state
    state.released.set()
    server.shutdown()
    server.server_close()


def test_every_jar_arrives_from_the_repository_named(
    repository: Repository, tmp_path: Path
) -> None:
    download.fill(tmp_path, JARS)
    assert all(jar.is_in(tmp_path) for jar in JARS)
    assert "/maven/org/demo/part0/1.0/part0-1.0.jar" in repository.served
    assert {path.suffix for path in tmp_path.iterdir()} <= {".jar", ""}


def test_only_what_is_missing_is_asked_for(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / JARS[0].file).write_bytes(CONTENT)
    (tmp_path / JARS[1].file).write_bytes(CONTENT[:-1])
    download.fill(tmp_path, JARS[:2])
    assert [Path(path).name for path in repository.served] == [JARS[1].file]


def test_a_repository_that_is_away_for_a_moment_is_asked_again(
    repository: Repository, tmp_path: Path
) -> None:
    repository.refusals = download.ATTEMPTS - 1
    download.fill(tmp_path, JARS)
    assert all(jar.is_in(tmp_path) for jar in JARS)


def test_a_changed_jar_is_refused_and_not_kept(repository: Repository, tmp_path: Path) -> None:
    repository.content = CONTENT[::-1]
    with pytest.raises(KafkaUnavailable, match=r"part0:1\.0 came with a bad checksum"):
        download.fill(tmp_path, JARS[:1])
    assert len(repository.served) == download.ATTEMPTS
    assert [path.name for path in tmp_path.iterdir() if path.name != ".lock"] == []


def test_no_network_says_what_to_do(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(download.REPOSITORY, "http://127.0.0.1:1/maven")
    with pytest.raises(KafkaUnavailable, match=f"connect once, or point {CACHE_DIR}"):
        download.fill(tmp_path, JARS)


def test_a_full_disk_is_named_and_not_tried_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(path: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(KafkaUnavailable, match="the disk is full"):
        download.fill(tmp_path, JARS[:1])
    assert len(repository.served) == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KafkaUnavailable, match=f"cannot write to .*file.*{CACHE_DIR}"):
        download.fill(tmp_path / "file" / "jars", JARS)


def test_two_at_once_download_once(repository: Repository, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        for result in [pool.submit(download.fill, tmp_path, JARS) for _ in range(2)]:
            result.result()
    assert len(repository.served) == len(JARS)


def test_a_killed_download_leaves_no_half_jar(repository: Repository, tmp_path: Path) -> None:
    repository.half = True
    code = (
        "import sys; from pathlib import Path\n"
        "from streams.local.kafka import download\n"
        "from tests.local.kafka.test_download import JARS\n"
        "download.fill(Path(sys.argv[1]), JARS[:1])\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) as downloading:
        assert repository.asked.wait(30)
        downloading.send_signal(signal.SIGKILL)
    assert not (tmp_path / JARS[0].file).exists()

    repository.half = False
    repository.released.set()
    download.fill(tmp_path, JARS[:1])
    assert {path.name for path in tmp_path.iterdir()} - {".lock"} == {JARS[0].file}


def test_without_a_terminal_the_download_is_one_line(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download.fill(tmp_path, JARS)
    assert capsys.readouterr().err.count("\n") == 1


def test_in_a_terminal_the_download_shows_a_bar(
    repository: Repository,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    download.fill(tmp_path, JARS)
    assert "━" in capsys.readouterr().err
