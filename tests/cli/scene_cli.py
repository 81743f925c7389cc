"""Runs commands against a scene in Kafka."""

import asyncio
import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.cli import main
from streams.events.model import SkippedEvents, SkippedRun
from streams.events.wire import encode_skipped
from tests.audit.kafka_scene import create_topic, producer_for, publish, write
from tests.audit.scene import NOW, WINDOW, Scene, Written, settings_of, topics_for


class Command:
    """``ticket-streams`` in an installation of its own. Created empty."""

    def __init__(self, kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = settings_of(namespace, kafka)
        self.scene = Scene(topics_for(self.settings))
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
        monkeypatch.setenv("TICKET_STREAMS_APP_ID", self.settings.app_id)
        monkeypatch.setenv("TICKET_STREAMS_INPUT_TOPIC", self.settings.input_topic)
        monkeypatch.setenv("TICKET_STREAMS_WINDOW_SECONDS", str(WINDOW))

    def publish(self) -> None:
        """Writes the scene."""
        asyncio.run(publish(self.scene, self.settings))

    def skip(self, partition: int, first: int, last: int) -> None:
        """Writes that these events were skipped when the scene was, after it is published."""
        asyncio.run(self._skip(SkippedRun(first, last, "filtered"), partition))

    async def _skip(self, run: SkippedRun, partition: int) -> None:
        topics, servers = self.scene.topics, self.settings.bootstrap_servers
        await create_topic(servers, topics.skipped)
        value = encode_skipped(SkippedEvents(topics.input, partition, NOW, [run]))
        async with producer_for(self.settings, "skip") as producer, producer.transaction():
            await write(producer, [Written(topics.skipped, partition, None, value)])

    def __call__(self, *words: str, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(main, list(words), input=stdin)

    def json(self, *words: str, stdin: bytes | None = None) -> Any:
        """What it prints with --json. It must exit with 0."""
        result = self(*words, "--json", stdin=stdin)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)
