"""Who is compared, and how each is started."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.settings import load_settings, to_environment

HERE = Path(__file__).parent
BUILD = Path("build/peers")

Command = tuple[Sequence[str], Mapping[str, str]]
"""What to run, and its environment."""


class BuildError(Exception):
    """A contender could not be built."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a contender. Its group is named as its input topic."""

    bootstrap: str
    api_url: str
    topic: str
    calls: int
    """In flight at a time."""
    session_seconds: int = 10
    """After which Kafka takes a consumer for dead."""


@dataclass(frozen=True, slots=True)
class Contender:
    """``missing`` says what is not on this machine, or None; ``prepare`` builds it."""

    name: str
    title: str
    promise: str
    command: Callable[[Job], Command]
    prepare: Callable[[], None] = lambda: None
    missing: Callable[[], str | None] = lambda: None
    group: int = 1
    """Tickets in a call."""


def ours(group: int, **changes: object) -> Callable[[Job], Command]:
    """A worker with so many tickets in a call; ``changes`` are settings."""

    def command(job: Job) -> Command:
        settings = load_settings(
            bootstrap_servers=job.bootstrap,
            anthropic_api_key="stub",
            anthropic_base_url=job.api_url,
            input_topic=job.topic,
            app_id=job.topic,
            max_calls=job.calls,
            batch_size=group,
            worker_port=0,
            session_timeout=float(job.session_seconds),
            **changes,
        )
        return [sys.executable, "-m", "streams", "worker"], to_environment(settings)

    return command


EXACTLY_ONCE = "exactly once, books"
AT_LEAST_ONCE = "at least once"
AT_MOST_ONCE = "at most once"

OURS = (
    Contender("ours", "**ticket-streams, 1 ticket a call**", EXACTLY_ONCE, ours(1)),
    Contender("ours-25", "**ticket-streams, 25 a call**", EXACTLY_ONCE, ours(25), group=25),
)


def _environment(job: Job) -> dict[str, str]:
    """What a peer is told."""
    return {
        **os.environ,
        "PYTHONPATH": str(Path.cwd()),
        "BENCH_KAFKA": job.bootstrap,
        "BENCH_API": job.api_url,
        "BENCH_TOPIC": job.topic,
        "BENCH_CALLS": str(job.calls),
        "BENCH_SESSION_MS": str(job.session_seconds * 1000),
    }


def _build(*command: str) -> None:
    """Run a step of a build. Raises BuildError with the end of what it said."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{' '.join(command[:3])}: {(done.stdout + done.stderr)[-500:]}")


def _needs(*programs: str) -> Callable[[], str | None]:
    def missing() -> str | None:
        gone = [program for program in programs if shutil.which(program) is None]
        return f"{' and '.join(gone)} not on this machine" if gone else None

    return missing


VENV = BUILD / "venv"


def _make_venv() -> None:
    wanted = HERE / "requirements.txt"
    stamp = VENV / "made-from.txt"
    if stamp.exists() and stamp.read_text() == wanted.read_text():
        return
    _build(sys.executable, "-m", "venv", "--clear", str(VENV))
    pip = [str(VENV / "bin/python"), "-m", "pip", "install", "-q", "-r", str(wanted)]
    _build(*pip, "--disable-pip-version-check")
    stamp.write_text(wanted.read_text())


def _python(name: str, title: str, loses: str, module: str, *arguments: str) -> Contender:
    python = str((VENV / "bin/python").absolute())

    def command(job: Job) -> Command:
        return [python, "-m", f"benchmarks.peers.{module}", *arguments], _environment(job)

    return Contender(name, title, loses, command, _make_venv)


def _make_java() -> None:
    lib = f"-DoutputDirectory={(BUILD / 'java/lib').absolute()}"
    goals = "compile", "dependency:copy-dependencies"
    _build("mvn", "-q", "-f", str(HERE / "java/pom.xml"), *goals, lib)


def _java(name: str, title: str, ordering: str) -> Contender:
    java = (BUILD / "java").absolute()

    def command(job: Job) -> Command:
        classes = f"{java}/classes:{java}/lib/*"
        return ["java", "-Xmx512m", "-cp", classes, "Peer", ordering], _environment(job)

    return Contender(name, title, AT_LEAST_ONCE, command, _make_java, _needs("java", "mvn"))


def _make_go() -> None:
    _build("go", "build", "-C", str(HERE / "go"), "-o", str((BUILD / "go").absolute()), ".")


def _go(job: Job) -> Command:
    return [str((BUILD / "go").absolute())], _environment(job)


PEERS = (
    _python("sdk", "aiokafka + SDK", AT_LEAST_ONCE, "consumer", "sdk"),
    _python("sdk-aiohttp", "aiokafka + SDK on aiohttp", AT_LEAST_ONCE, "consumer", "sdk-aiohttp"),
    _python("aiohttp", "aiokafka + bare aiohttp", AT_LEAST_ONCE, "consumer", "aiohttp"),
    _python("faststream", "FastStream, max_workers", AT_MOST_ONCE, "faststream_app"),
    _python("faust", "Faust agent, concurrency", "unordered acks", "faust_app"),
    _java("pc-unordered", "Parallel Consumer, unordered (Java)", "UNORDERED"),
    _java("pc-key", "Parallel Consumer, by key (Java)", "KEY"),
    Contender("go", "franz-go (Go)", AT_LEAST_ONCE, _go, _make_go, _needs("go")),
)
ALL = (*OURS, *PEERS)
