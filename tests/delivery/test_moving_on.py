"""Rows that move on in the transaction of their partition, in Kafka, as every reader sees it."""

import asyncio
import time

import pytest

from streams.audit.books import load_books
from streams.audit.verify import verify
from streams.books.windows import DAY, HOUR
from streams.delivery.reconcile import opened
from streams.delivery.source_topic import SourceTopic
from streams.events.sources import Place
from tests.audit import scene as written
from tests.audit.kafka_scene import publish
from tests.audit.scene import Scene, settings_of, topics_for

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


async def test_old_minutes_move_into_their_hour_and_every_promise_holds(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart in between changes nothing: what one owner has moved the next one finds."""
    ago = int(time.time() - time.time() % DAY - 3 * HOUR + 90)
    monkeypatch.setattr(written, "NOW", ago * 1000)
    settings = settings_of(namespace, kafka).model_copy(update={"window_retention_hours": 1})
    scene = Scene(topics_for(settings))
    await publish(scene, settings)
    before = await load_books(kafka, scene.topics)
    source = SourceTopic(kafka, scene.topics.input)
    await source.open()
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    try:
        for number in (*scene.partitions, 0):
            place = Place(scene.topics.input, number)
            async with opened(settings, scene.topics, source, (number, place), failed) as partition:
                partition.move_rows_on()
                async with asyncio.timeout(30):
                    await partition.flush()
    finally:
        await source.close()
    after = await load_books(kafka, scene.topics)
    assert {row.size for row in (*before.spend_rows, *before.error_rows)} == {60}
    assert {row.size for row in (*after.spend_rows, *after.error_rows)} == {HOUR}
    assert {row.start for row in after.spend_rows} == {ago - ago % HOUR}
    spent = [sorted(books.spend_rows.values()) for books in (before, after)]
    assert spent[0] == spent[1]
    report = await verify(settings, scene.topics)
    assert report.ok, report
    assert report.check("spend").found == scene.settled
