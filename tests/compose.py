"""docker-compose.yml without an engine: our services as processes, on the embedded parts.

Commands, variables, order and health checks are the file's and the image's own. What differs is
what an engine would give: the names of hosts, the ports, and names for topics that no other test
has.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

from streams.local.kafka.ports import HOST, free_port
from tests.house.files import text

COMPOSE: dict[str, Any] = yaml.safe_load(text("docker-compose.yml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = text("deploy/Dockerfile")

OWN_PORTS = {"worker": 8081, "dashboard": 8080, "stand-in": 8082}
"""Of our services, inside their containers: the defaults, and what stand-in's command says."""


def ours() -> list[str]:
    """The services of our image, each after those that it waits for."""
    names = {name for name, service in SERVICES.items() if service["image"] == "ticket-streams"}
    order = {name: set(SERVICES[name].get("depends_on", {})) & names for name in names}
    # The file gives no order for the API; in it the workers wait for an API by themselves.
    return sorted(TopologicalSorter(order).static_order(), key=lambda name: name != "stand-in")


class Compose:
    """``hosts`` says where the file's other services are: ``{"kafka:19092": "127.0.0.1:…"}``;
    ``given`` is the environment of whoever runs compose; ``more`` goes to every service."""

    def __init__(
        self,
        hosts: Mapping[str, str],
        given: Mapping[str, str],
        more: Mapping[str, str],
        logs: Path,
    ) -> None:
        self.ports = {name: free_port() for name in OWN_PORTS}
        self._hosts = {
            **hosts,
            **{f"{name}:{port}": f"{HOST}:{self.ports[name]}" for name, port in OWN_PORTS.items()},
            "0.0.0.0": HOST,
        }
        self._given = given
        self._more = more
        self._logs = logs
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, service: str) -> dict[str, str]:
        """Of one service: the image's, the file's, and ``more``."""
        image = dict(re.findall(r"^ +(TICKET_STREAMS_\w+)=(\S+)", DOCKERFILE, re.MULTILINE))
        file = SERVICES[service].get("environment", {})
        told = {name: self._value(name, value) for name, value in {**image, **file}.items()}
        return {
            **{name: here for name, value in told.items() if (here := self._here(value))},
            "TICKET_STREAMS_WORKER_PORT": str(self.ports["worker"]),
            "TICKET_STREAMS_DASHBOARD_PORT": str(self.ports["dashboard"]),
            **self._more,
        }

    def up(self) -> None:
        """Start every service of ours in its order; what must end first has ended well."""
        waited_for = {
            name
            for service in ours()
            for name, how in SERVICES[service].get("depends_on", {}).items()
            if how["condition"] == "service_completed_successfully"
        }
        for name in ours():
            self._start(name)
            if name in waited_for:
                assert self.running[name].wait(60) == 0, self.log(name)

    def healthy(self, service: str) -> bool:
        """What the engine would find: the service's health check, or the image's."""
        check = SERVICES[service].get("healthcheck", {}).get("test")
        if check is None:
            [check] = re.findall(r"^  CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
            check = ["CMD", *yaml.safe_load(check)]
        kind, python, *words = check
        assert (kind, python) == ("CMD", "python")
        port = OWN_PORTS[service]
        assert str(port) in words[-1]
        words[-1] = words[-1].replace(str(port), str(self.ports[service]))
        done = subprocess.run([sys.executable, *words], capture_output=True, check=False)
        return done.returncode == 0

    def until_healthy(self, service: str, timeout: float = 120) -> None:
        """As what depends on it waits. Fails with its log."""
        deadline = time.monotonic() + timeout
        while not self.healthy(service):
            assert self.running[service].poll() is None, self.log(service)
            assert time.monotonic() < deadline, self.log(service)
            time.sleep(0.2)

    def stop(self, service: str) -> int:
        """As the engine does: SIGTERM, and the service's time to end."""
        grace = float(SERVICES[service].get("stop_grace_period", "10s").removesuffix("s"))
        self.running[service].terminate()
        return self.running[service].wait(grace)

    def down(self) -> None:
        """Whatever still runs."""
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
                process.wait()

    def log(self, service: str) -> str:
        """What it wrote."""
        return (self._logs / f"{service}.log").read_text(errors="replace")[-4_000:]

    def _start(self, name: str) -> None:
        words = [self._argument(name, word) for word in SERVICES[name]["command"]]
        outside = {n: v for n, v in os.environ.items() if not n.startswith(("TICKET_", "KAFKA_"))}
        with (self._logs / f"{name}.log").open("wb") as out:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "streams", *words],
                env={**outside, **self.environment(name)},
                stdout=out,
                stderr=out,
            )

    def _argument(self, service: str, word: str) -> str:
        own = OWN_PORTS.get(service)
        return str(self.ports[service]) if word == str(own) else self._here(word)

    def _value(self, name: str, value: object) -> str:
        if value is None:  # as outside
            return self._given.get(name, "")
        return re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda found: self._given[found[1]], str(value))

    def _here(self, told: str) -> str:
        for there, here in self._hosts.items():
            told = told.replace(there, here)
        return told
