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
    command: Callable[[Job], Command]
    prepare: Callable[[], None] = lambda: None
    missing: Callable[[], str | None] = lambda: None
    group: int = 1
    """Tickets in a call."""


def _ours(group: int) -> Callable[[Job], Command]:
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
        )
        return [sys.executable, "-m", "streams", "worker"], to_environment(settings)

    return command


OURS = (
    Contender("ours", "ticket-streams, 1 ticket a call", _ours(1)),
    Contender("ours-25", "ticket-streams, up to 25 a call", _ours(25), group=25),
)


def _environment(job: Job) -> dict[str, str]:
    """What a peer is told."""
    return {
        **os.environ,
        "BENCH_KAFKA": job.bootstrap,
        "BENCH_API": job.api_url,
        "BENCH_TOPIC": job.topic,
        "BENCH_CALLS": str(job.calls),
        "BENCH_SESSION_MS": str(job.session_seconds * 1000),
    }


def _python(module: str, *arguments: str) -> Callable[[Job], Command]:
    def command(job: Job) -> Command:
        return [sys.executable, "-m", module, *arguments], _environment(job)

    return command


PEERS = (
    Contender("sdk", "aiokafka + SDK", _python("benchmarks.peers.consumer", "sdk")),
    Contender(
        "sdk-aiohttp",
        "aiokafka + SDK on aiohttp",
        _python("benchmarks.peers.consumer", "sdk-aiohttp"),
    ),
    Contender("aiohttp", "aiokafka + bare aiohttp", _python("benchmarks.peers.consumer", "aiohttp")),
)
