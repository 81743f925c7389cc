"""What a benchmark of the worker needs around it: broker, stand-in, topics, tickets, the worker."""

import json
import platform
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import accumulate, cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from streams.events.topics import Topics
from streams.local.child import ChildProcess
from streams.local.kafka import jars
from streams.local.kafka.broker import EmbeddedKafka
from streams.local.samples import load
from streams.local.standin.process import StandIn
from streams.settings import Settings, load_settings, to_environment

Fields = Mapping[str, Any]

CUSTOMERS = 1_000
SAMPLE_BYTES = range(200, 451)
"""Length of the sample tickets taken: plain ones of about 300 bytes."""

PACKAGES = ("aiokafka", "faust-streaming", "anthropic", "aiohttp", "uvloop", "fastavro")


@dataclass(frozen=True, slots=True)
class Rig:
    """A broker and a stand-in that run, and a worker that can be started."""

    settings: Settings
    topics: Topics
    broker: EmbeddedKafka
    api: StandIn
    folder: Path

    @property
    def log(self) -> str:
        """What the worker wrote."""
        return (self.folder / "worker.log").read_text(errors="replace")

    def start_worker(self) -> ChildProcess:
        """A real ``ticket-streams worker``, in a process of its own."""
        return ChildProcess(
            [sys.executable, "-m", "streams", "worker"],
            folder=self.folder,
            log=self.folder / "worker.log",
            env=to_environment(self.settings),
        )


@contextmanager
def running_kafka() -> Iterator[tuple[EmbeddedKafka, Path]]:
    """A new broker on a free port, and a folder; both are gone with the block."""
    with (
        TemporaryDirectory(prefix="ticket-streams-bench-") as folder,
        EmbeddedKafka(Path(folder) / "kafka") as broker,
    ):
        yield broker, Path(folder)


@contextmanager
def running_rig(latency: float, sigma: float, **settings: object) -> Iterator[Rig]:
    """Everything new, on free ports; it ends with the block. Topics are not made yet."""
    with (
        running_kafka() as (broker, folder),
        StandIn(seed=1, latency=latency, latency_sigma=sigma) as api,
    ):
        found = load_settings(
            duplicate_seconds=0,  # the texts repeat
            bootstrap_servers=broker.bootstrap,
            anthropic_api_key="stand-in",
            anthropic_base_url=api.url,
            worker_port=0,
            **settings,
        )
        yield Rig(found, Topics.of(found), broker, api, folder)


def tickets(
    n: int, seed: int, file: Path | None = None, text_bytes: int = 0
) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """``n`` keys and tickets, texts again and again: the samples', or those of a JSON-lines file.
    Where ``text_bytes`` is given each text is about that long, of many of them.

    Keys are customers by Zipf's law: the k-th writes 1/k as often as the first.
    """
    rng = random.Random(seed)
    texts = _samples() if file is None else _lines(file)
    rng.shuffle(texts)
    if text_bytes:
        texts = [_long(texts[at:] + texts[:at], text_bytes) for at in range(len(texts))]
    weights = list(accumulate(1 / rank for rank in range(1, CUSTOMERS + 1)))
    customers = rng.choices(range(1, CUSTOMERS + 1), cum_weights=weights, k=n)
    for number, fields, customer in zip(range(n), cycle(texts), customers, strict=False):
        name = f"customer-{customer}"
        yield name.encode(), {**fields, "id": f"bench-{number}", "customer_id": name}


def _long(texts: list[Fields], size: int) -> Fields:
    """The first, with as many of the others' texts behind its own."""
    whole = " ".join(fields["text"] for fields in texts)
    whole = " ".join([whole] * (size // len(whole.encode()) + 1))
    return {**texts[0], "text": whole.encode()[:size].decode(errors="ignore")}


def _samples() -> list[Fields]:
    plain = (sample for sample in load() if sample.kind == "plain")
    return [s.fields for s in plain if len(s.value("bench-1234", "customer-12", 0)) in SAMPLE_BYTES]


def _lines(file: Path) -> list[Fields]:
    """Of each line the fields that a ticket has."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    wanted = ("text", "subject", "channel")
    return [{name: row[name] for name in wanted if row.get(name)} for row in rows]


def environment() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "python": platform.python_version(),
        "kafka": _kafka_version(),
        **{name: version(name) for name in PACKAGES},
        "cores": psutil.cpu_count(),
        "machine": platform.machine(),
    }


def _kafka_version() -> str:
    coordinates = (jar.coordinate.split(":") for jar in jars.locked())
    return next(number for _, artifact, number in coordinates if artifact == "kafka-clients")
