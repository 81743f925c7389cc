"""Fills the cache with jars: several at a time, each checked before it gets its name."""

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import tenacity
from filelock import FileLock
from jgo.maven import MavenContext, PythonResolver
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from streams.local.kafka.errors import KafkaUnavailable, cannot_write, is_local
from streams.local.kafka.jars import CACHE_DIR, Jar

REPOSITORY = "TICKET_STREAMS_MAVEN_REPOSITORY"
AT_A_TIME = 6
ATTEMPTS = 5
BACK_OFF = tenacity.wait_exponential_jitter(multiplier=0.5, max=8, jitter=0.5)  # seconds
_UNCHECKED = ".unchecked-"

# jgo's own protocol: called with (file name, bytes), gives a context whose value counts bytes in.
Counter = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


class _WrongJarError(Exception):
    """What came is not the jar of the lock."""


def fill(folder: Path, jars: Sequence[Jar], what: str = "Apache Kafka") -> None:
    """Download every one of ``jars`` that ``folder`` lacks. Raises KafkaUnavailable.

    ``what`` they are is told to people.

    Safe against a kill at any moment (a jar appears whole or not at all) and against a second
    process that does the same (it waits, then finds the work done).
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            _sweep(folder)
            missing = [jar for jar in jars if not jar.is_in(folder)]
            if missing:
                _download_all(folder, missing, what)
    except OSError as error:
        raise cannot_write(folder, error, f"point {CACHE_DIR} elsewhere") from error


def context(repo_cache: Path, counter: Counter | None = None) -> MavenContext:
    """The resolver, with the default repository or the user's, writing into ``repo_cache``."""
    mirror = os.environ.get(REPOSITORY)
    return MavenContext(
        resolver=PythonResolver(progress_callback=counter),
        repo_cache=repo_cache,
        remote_repos={"central": mirror.rstrip("/")} if mirror else None,
    )


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sweep(folder: Path) -> None:
    """Remove what killed downloads left. The lock is held, so none of it is in use."""
    for left in folder.glob(_UNCHECKED + "*"):
        shutil.rmtree(left, ignore_errors=True)


def _download_all(folder: Path, jars: Sequence[Jar], what: str) -> None:
    with _progress(folder, jars, what) as counter, ThreadPoolExecutor(AT_A_TIME) as pool:
        given_up = threading.Event()
        results = [pool.submit(_download, folder, jar, counter, given_up) for jar in jars]
        try:
            for result in results:
                result.result()
        except BaseException:
            given_up.set()  # one missing jar is enough: let the others end now
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _download(folder: Path, jar: Jar, counter: Counter | None, given_up: threading.Event) -> None:
    attempts = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_when_event_set(given_up),
        sleep=tenacity.sleep_using_event(given_up),
        wait=BACK_OFF,
        retry=tenacity.retry_if_exception(_may_pass),
        reraise=True,
    )
    try:
        attempts(_attempt, folder, jar, counter)
    except _WrongJarError as error:
        raise KafkaUnavailable(
            f"{jar.coordinate} came with a bad checksum ({error}): the repository or something "
            f"on the way to it changes files; {REPOSITORY} names another"
        ) from error
    except Exception as error:
        if isinstance(error, OSError) and is_local(error):
            raise
        raise KafkaUnavailable(
            f"could not download {jar.coordinate}: connect once, "
            f"or point {CACHE_DIR} at a filled cache"
        ) from error


def _may_pass(error: BaseException) -> bool:
    # jgo lets failures of requests (OSErrors without errno) and its own RuntimeError through.
    return isinstance(error, Exception) and not (isinstance(error, OSError) and is_local(error))


def _attempt(folder: Path, jar: Jar, counter: Counter | None) -> None:
    # jgo writes in place, never over a file, and only warns on a bad checksum: so each attempt
    # gets a folder of its own next to the final name, and the check is ours.
    with tempfile.TemporaryDirectory(dir=folder, prefix=_UNCHECKED) as unchecked:
        maven = context(Path(unchecked), counter)
        group, artifact, version, classifier, packaging = jar.parts
        component = maven.project(group, artifact).at_version(version)
        file = component.artifact(classifier, packaging).resolve()
        size, digest = file.stat().st_size, sha256(file)
        if (size, digest) != (jar.size, jar.sha256):
            raise _WrongJarError(f"{size} bytes, sha256 {digest[:12]}…")
        file.replace(folder / jar.file)


@contextmanager
def _progress(folder: Path, jars: Sequence[Jar], what: str) -> Iterator[Counter | None]:
    """One bar for all of ``jars`` in a terminal, one line elsewhere."""
    total = sum(jar.size for jar in jars)
    title = f"Downloading {what}"
    console = Console(stderr=True)
    if not console.is_terminal:
        text = f"{title}: {len(jars)} files, {total / 1e6:.0f} MB, kept in {folder}"
        console.print(text, soft_wrap=True, highlight=False)
        yield None
        return
    columns = TextColumn(title), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=total)
        yield lambda _file, _size: nullcontext(lambda count: progress.advance(task, count))
