"""The same worker against an API that we did not write: llmock, which answers with an echo."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local.kafka.ports import free_port
from streams.settings import to_environment
from tests.stack import running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

TICKETS = 200


@pytest.fixture
def llmock(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--response-style", "echo"]
    # Its limits are real token buckets, with retry-after and Anthropic's headers.
    limits = ["--rpm", "3000", "--error-rate", "529=0.05"]
    command = [sys.executable, "-c", "from llmock.cli import app; app()", "serve"]
    with (tmp_path / "llmock.log").open("wb") as log:
        server = subprocess.Popen([*command, *options, *limits], stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}/anthropic"
    finally:
        server.terminate()
        server.wait(20)


async def test_tickets_route_and_the_books_balance(
    kafka: str, namespace: str, tmp_path: Path, llmock: str
) -> None:
    with running_stack(
        kafka, namespace, tmp_path, {}, anthropic_base_url=llmock, max_calls=10, retry_max_wait=2.0
    ) as stack:
        created = subprocess.run(
            [sys.executable, "-m", "streams", "topics", "--create", "--partitions", "3"],
            env={**os.environ, **to_environment(stack.settings)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert created.returncode == 0, created.stderr
        # The echo turns a ticket that holds an answer into that answer; any other is no answer.
        answer = r"{\"category\": \"billing\", \"confidence\": 0.9}"
        await stack.send(
            (b"%d" % n, f'{{"id": "{n}", "text": "{answer if n % 2 else "hello"}"}}'.encode())
            for n in range(TICKETS)
        )
        worker = stack.worker()
        report = await stack.until_finished(TICKETS)
        assert worker.stop() == 0, stack.logs()
        assert (report.lost, report.duplicates) == (0, 0)
        assert report.routed["billing"] == TICKETS // 2
        assert report.routed["unknown"] == TICKETS // 2
        assert report.spend_picodollars > 0
        assert report.calls["ok"] == TICKETS // 2
