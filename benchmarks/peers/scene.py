"""What every contender meets: the same broker, the same API, the same tickets."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from benchmarks.rig import running_kafka, tickets
from streams.audit.topic_admin import create_missing
from streams.events.topics import Topics
from streams.settings import load_settings

PARTITIONS = 8


@dataclass(frozen=True, slots=True)
class Scene:
    """A broker and the stub, both running."""

    bootstrap: str
    api_url: str
    latency: float
    """Seconds until the stub answers."""
    folder: Path
    seed: int
    broker_pid: int
    api_pid: int

    @property
    def compiled(self) -> dict[str, str]:
        """So that Python compiles nothing twice, as where a package is installed: else half of each
        start would be that. The first start in a scene still does."""
        return {
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
        }

    def ledger(self) -> dict[str, int]:
        """What the stub was asked since forget(): ``calls``, ``tickets``, and ``again``."""
        return self._ask("GET")

    def forget(self) -> None:
        """Begin a new ledger."""
        self._ask("POST")

    def make_topics(self, topic: str, partitions: int = PARTITIONS) -> None:
        """The input topic ``topic``, those of its categories, and what our worker needs besides."""
        settings = load_settings(bootstrap_servers=self.bootstrap, input_topic=topic, app_id=topic)
        asyncio.run(create_missing(settings, Topics.of(settings), partitions=partitions))

    def delete_topics(self, topic: str) -> None:
        """All of these: thousands of partitions would make the broker slow."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        ours = [name for name in admin.list_topics(timeout=10).topics if name.startswith(topic)]
        for future in admin.delete_topics(ours).values():
            future.result(30)

    def _ask(self, method: str) -> dict[str, int]:
        connection = HTTPConnection(self.api_url.removeprefix("http://"), timeout=10)
        try:
            connection.request(method, "/")
            found: dict[str, int] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return found


@contextmanager
def running_scene(latency: float, seed: int = 1, *stub: str) -> Iterator[Scene]:
    """Everything new, on free ports; it ends with the block. ``stub`` is told to the API."""
    command = [sys.executable, "-m", "benchmarks.peers.stub", "--latency", str(latency), *stub]
    with (
        running_kafka() as (broker, folder),
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as api,
    ):
        assert api.stdin is not None
        assert api.stdout is not None
        url = api.stdout.readline().decode().strip()
        yield Scene(broker.bootstrap, url, latency, folder, seed, broker.pid, api.pid)
        api.stdin.close()


class Sender:
    """Writes tickets to a topic, numbered from ``first`` on. ``created`` has the epoch seconds of
    each."""

    def __init__(self, scene: Scene, topic: str, first: int = 0) -> None:
        self._topic = topic
        self._first = first
        self._seed = scene.seed
        # As Java's producer: the same partition for a key, and records in their order.
        options = {"partitioner": "murmur2_random", "enable.idempotence": True, "linger.ms": 0}
        self._producer = Producer({"bootstrap.servers": scene.bootstrap, **options})
        self.created: list[float] = []

    def send(self, count: int, a_second: float | None = None) -> None:
        """``count`` tickets, all at once or so many a second. The number stands in the text."""
        began = time.monotonic()
        for n, (key, fields) in enumerate(tickets(count, self._seed)):
            if a_second is not None:
                time.sleep(max(0.0, began + n / a_second - time.monotonic()))
            self.created.append(time.time())
            value = _value(fields, self._first + n, self.created[n])
            self._produce(self._first + n, key, value)
            self._producer.poll(0)
        self._producer.flush()

    def _produce(self, number: int, key: bytes, value: bytes) -> None:
        del number
        self._producer.produce(self._topic, value, key)


class NumberedSender(Sender):
    """Ticket ``n`` goes to partition ``n % PARTITIONS``, whatever its key."""

    def _produce(self, number: int, key: bytes, value: bytes) -> None:
        self._producer.produce(self._topic, value, key, number % PARTITIONS)


def _value(fields: dict[str, Any], number: int, created: float) -> bytes:
    text = f"#{number:07}# {fields['text']}"
    return json.dumps({**fields, "text": text, "created_at": int(created * 1000)}).encode()
