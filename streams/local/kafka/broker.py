"""One Kafka broker in a child process."""

import fcntl
import time
from collections.abc import Mapping
from pathlib import Path

from streams.local.child import ChildProcess
from streams.local.kafka import jars, java, probe, properties
from streams.local.kafka.errors import KafkaUnavailable, cannot_write
from streams.local.kafka.log import cause
from streams.local.kafka.ports import HOST, free_port, is_free
from streams.local.startable import Startable

_PROPERTIES = "server.properties"
_POLL = 0.05  # seconds


class EmbeddedKafka(Startable):
    """Apache Kafka on 127.0.0.1, from ``start`` (or ``with``) to ``stop`` or the parent's death.

    ``data`` is its folder: records, log and configuration outlast a stop or a kill, and the next
    ``start`` goes on with them on the same port. ``port`` 0 takes a free one. ``partitions`` is
    for topics created without a number; ``extra`` holds more broker settings by Kafka's own names.
    ``controller_port`` and ``cluster_id`` (22 characters of URL-safe Base64) are for brokers that
    have to know of each other before they start; by default a free one and a new one.

    Not thread-safe, and it blocks: from async code use ``asyncio.to_thread``.
    """

    def __init__(
        self,
        data: Path,
        port: int = 0,
        *,
        partitions: int = 4,
        extra: Mapping[str, str] | None = None,
        controller_port: int = 0,
        cluster_id: str | None = None,
    ) -> None:
        self.data = data.expanduser().absolute()
        self.log = self.data / "broker.log"
        self.port = port
        self._controller_port = controller_port
        self._cluster_id = cluster_id
        self._partitions = partitions
        self._extra = dict(extra or {})
        self._child: ChildProcess | None = None

    @property
    def bootstrap(self) -> str:
        """``127.0.0.1:PORT``; with port 0 known from the first start on."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the broker itself, the JVM. Raises ProcessLookupError before a start."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether the process runs; a frozen one does."""
        return self._child is not None and self._child.alive

    def start(self, timeout: float = 60.0) -> None:
        """Start the broker; returns when it answers, within ``timeout`` seconds.

        The first start on a machine downloads the jars, on its own time. Raises KafkaUnavailable.
        """
        if self.alive:
            raise RuntimeError("this broker runs already")
        classpath = jars.fetch()
        deadline = time.monotonic() + timeout
        try:
            if self._in_use():
                raise KafkaUnavailable(f"another broker uses this data folder: {self.data}")
            self._prepare()
            if not (self.data / "log" / "meta.properties").exists():
                self._format(java.storage_format(classpath, _PROPERTIES, self._cluster_id), timeout)
            self._child = self._spawn(java.broker(classpath, _PROPERTIES))
        except OSError as error:
            raise cannot_write(self.data, error, "choose another data folder") from error
        try:
            self._until_ready(self._child, deadline)
        except BaseException:
            self.kill()
            raise

    def stop(self, timeout: float = 20.0) -> None:
        """Shut down cleanly, or kill after ``timeout`` seconds. Does nothing if it does not run."""
        if self._child is None or not self._child.alive:
            return
        self._child.terminate()
        try:
            self._child.wait(timeout)
        except TimeoutError:
            self._child.kill()

    def kill(self) -> None:
        """SIGKILL. Returns when the process has gone."""
        if self._child is not None:
            self._child.kill()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        self._running().freeze()

    def thaw(self) -> None:
        """SIGCONT."""
        self._running().thaw()

    def wait(self) -> None:
        """Block until the broker ends without being told to; then raises KafkaUnavailable."""
        child = self._running()
        child.wait()
        raise KafkaUnavailable(f"Kafka stopped: {cause(self.log, child.log_start)}")

    def _running(self) -> ChildProcess:
        if self._child is None:
            raise ProcessLookupError("this broker has not been started")
        return self._child

    def _in_use(self) -> bool:
        """By Kafka's own lock. Kafka looks at it only after it has read, and mended, what the other
        broker is writing."""
        try:
            with (self.data / "log" / ".lock").open("rb+") as file:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _prepare(self) -> None:
        """Take the ports and write the folder's files."""
        self.port = self.port or free_port()
        if not is_free(self.port):
            raise KafkaUnavailable(f"port {self.port} is in use on {HOST}: choose another")
        self._controller_port = self._controller_port or free_port()
        (self.data / "tmp").mkdir(parents=True, exist_ok=True)
        text = properties.render(
            port=self.port,
            controller_port=self._controller_port,
            partitions=self._partitions,
            extra=self._extra,
        )
        (self.data / _PROPERTIES).write_text(text, encoding="utf-8")

    def _spawn(self, command: list[str]) -> ChildProcess:
        return ChildProcess(command, folder=self.data, log=self.log)

    def _format(self, command: list[str], timeout: float) -> None:
        tool = self._spawn(command)
        try:
            code = tool.wait(timeout)
        except TimeoutError:
            code = None
        finally:
            tool.kill()
        if code != 0:
            raise KafkaUnavailable(
                f"Kafka could not prepare {self.data}: {cause(self.log, tool.log_start)}"
            )

    def _until_ready(self, child: ChildProcess, deadline: float) -> None:
        while not probe.answers(HOST, self.port):
            if not child.alive:
                raise KafkaUnavailable(
                    f"Kafka stopped while starting: {cause(self.log, child.log_start)}"
                )
            if time.monotonic() > deadline:
                raise KafkaUnavailable(
                    f"Kafka did not answer in time: {cause(self.log, child.log_start)}"
                )
            time.sleep(_POLL)
