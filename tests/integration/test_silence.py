"""No word of a customer, and no key, leaves the topics that carry tickets."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from aiokafka import ConsumerRecord

from streams.audit.snapshot import read_topic
from streams.dashboard.server import start_dashboard
from tests.stack import SHARED, Stack, running_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

SECRET = b"xyzzyplugh"
"""Part of every field of a ticket, of its key, and of a header."""

FAULTS: dict[str, object] = {
    "bad_json": 0.1,
    "error": {500: 0.05, 400: 0.02},
    "missing": 0.1,
    "low_confidence": 0.1,
    "wrong_case": 0.1,
}


def events() -> list[tuple[bytes, bytes]]:
    word = SECRET.decode()
    tickets = [
        {
            "id": f"{word}-{n}",
            "text": f"refund invoice {word} {n}",
            "subject": word,
            "channel": word,
        }
        for n in range(150)
    ]
    broken = [b'{"id": "1", "text": "' + SECRET, b"\x00\x00\x00\x00\x07" + SECRET, SECRET, b""]
    wrong = [json.dumps({"id": word, "text": [word]}), json.dumps({"id": word, word: 1})]
    values = [*(json.dumps(t) for t in tickets), *wrong]
    return [(SECRET + b"%d" % n, v.encode()) for n, v in enumerate(values)] + [
        (SECRET, value) for value in broken
    ]


async def told(stack: Stack) -> AsyncIterator[ConsumerRecord]:
    topics = stack.topics
    ours = (topics.done, topics.calls, topics.intents, topics.spend, topics.errors)
    async for record in read_topic(stack.settings.kafka, *ours, isolation="read_uncommitted"):
        yield record


async def page_of(stack: Stack) -> bytes:
    dashboard = await start_dashboard(stack.settings, "127.0.0.1", 0)
    try:
        paths = ("/api/spend", "/api/errors", "/api/status", "/")
        return b"".join([await asyncio.to_thread(read, dashboard.url + path) for path in paths])
    finally:
        await dashboard.stop()


def read(url: str) -> bytes:
    with urlopen(url, timeout=10) as answer:
        content: bytes = answer.read()
    return content


def test_tickets_and_keys_stay_where_they_belong(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    settings = {**SHARED, "log_level": "DEBUG", "log_format": "json", "dead_letter_share": 1}
    with running_stack(kafka, namespace, tmp_path, FAULTS, **settings) as stack:
        asyncio.run(stack.create_topics(2))
        sent = asyncio.run(stack.send(events()))
        worker = stack.worker()
        report = asyncio.run(stack.until_finished(sent))
        assert report.dead_letters >= 6
        assert worker.health
        metrics = read(worker.health.replace("/readyz", "") + "/metrics")
        page = asyncio.run(page_of(stack))
        assert worker.stop() == 0

        async def records() -> list[ConsumerRecord]:
            return [record async for record in told(stack)]

        found = asyncio.run(records())
        assert len({record.topic for record in found}) == 5
        assert not [r for r in found if SECRET in (r.key or b"") + (r.value or b"")]
        assert not [r for r in found if SECRET in b"".join(value for _, value in r.headers)]
        log = worker.log.read_bytes()
        assert all(json.loads(line)["message"] for line in log.splitlines())
        for output in (log, metrics, page):
            assert output
            assert SECRET not in output
