"""A real Prometheus, where one is installed, scrapes a real worker and finds data for each
rule and each panel."""

import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observe.test_grafana import QUERIES
from tests.observe.test_rules import FOLDER, RECORDED, rules
from tests.stack import SHARED, running_stack

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed"),
]

TICKETS = 120


class Prometheus:
    """At ``address``, host:port."""

    def __init__(self, address: str) -> None:
        self._base = f"http://{address}"

    def up(self) -> bool:
        try:
            with urllib.request.urlopen(self._base + "/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series that a query gives."""
        url = f"{self._base}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        with urllib.request.urlopen(url, timeout=10) as response:
            found: list[dict[str, Any]] = json.load(response)["data"]["result"]
        return found


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[Prometheus]:
    """One that scrapes ``target`` every second, with our rules."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(FOLDER / "recording.yml"), str(FOLDER / "alerts.yml")],
        "scrape_configs": [
            {"job_name": "ticket-streams", "static_configs": [{"targets": [target]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "prometheus.log").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield Prometheus(address)
    finally:
        process.kill()
        process.wait()


def until(what: str, holds: Callable[[], object], timeout: float = 40) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def asked(query: str) -> str:
    """As Grafana would ask it."""
    return query.replace("$job", "ticket-streams").replace("$__rate_interval", "30s")


async def test_every_rule_and_panel_has_data_and_no_alert_fires(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    with running_stack(kafka, namespace, tmp_path, {}, **SHARED) as stack:
        await stack.create_topics(2)
        worker = stack.worker()
        stack.until("the worker is at work", lambda: worker.opened and worker.health is not None)
        target = (worker.health or "").removeprefix("http://").split("/")[0]
        with prometheus(tmp_path, target) as server:
            until("prometheus is up", server.up)
            until("the counters were seen at 0", lambda: server.ask("ticket_streams_ready == 1"))
            await stack.send_samples(TICKETS)
            await stack.until_finished(TICKETS)
            for name in RECORDED:
                until(name, partial(server.ask, name))
            for query in QUERIES:
                until(query, partial(server.ask, asked(query)))
            assert server.ask("scrape_samples_scraped > 100")
            firing = {a["metric"]["alertname"] for a in server.ask('ALERTS{alertstate="firing"}')}
            # Some of the samples cannot be read: they are dead letters, as they should be.
            assert firing <= {"TicketStreamsDeadLetters"}
            assert len(rules("alerts")) > len(firing)
