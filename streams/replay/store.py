"""The plans of replays, in a compacted topic: a run can go on from any machine.

A plan's record has the name of the run as its key; the events it selects stand before it, in
records with the keys ``<run>/<number>``. Names of runs hold no slash.
"""

import json

from aiokafka import AIOKafkaProducer

from streams.access.connection import client_arguments
from streams.audit.snapshot import Snapshot, open_snapshot
from streams.audit.topic_admin import connect, create, open_admin, partition_counts
from streams.events.sources import Place
from streams.events.topics import Topics, TopicSpec
from streams.replay.plan import Plan, Selection
from streams.settings import Settings


async def save(settings: Settings, plan: Plan) -> None:
    """Returns when the plan is there. Raises UnreachableError, KafkaError."""
    topic, bootstrap = Topics.of(settings).replays, settings.kafka
    async with open_admin(bootstrap) as admin:
        if topic not in await partition_counts(admin):
            await create(admin, [TopicSpec(topic, False, {"cleanup.policy": "compact"})], 1)
    producer = AIOKafkaProducer(**client_arguments(bootstrap), enable_idempotence=True)
    try:
        await connect(producer, bootstrap)
        for number, (place, runs) in enumerate(plan.selection.chunks()):
            value = json.dumps({**place._asdict(), "runs": runs}).encode()
            await producer.send_and_wait(topic, value, f"{plan.run}/{number}".encode())
        await producer.send_and_wait(topic, plan.as_json(), plan.run.encode())
    finally:
        await producer.stop()


async def load_plan(settings: Settings, run: str) -> Plan | None:
    """The plan of ``run``; None if there is none. Raises UnreachableError."""
    async with open_snapshot(settings.kafka) as snapshot:
        return await read_plan(snapshot, Topics.of(settings).replays, run)


async def read_plan(snapshot: Snapshot, topic: str, run: str) -> Plan | None:
    """The same, by a snapshot that is open."""
    if topic not in await partition_counts(snapshot.admin):
        return None
    chunks: dict[bytes, bytes] = {}
    value: bytes | None = None
    async for record in snapshot.read(await snapshot.ends([topic])):
        if record.key == run.encode():
            value = record.value
        elif record.key.startswith(f"{run}/".encode()):
            chunks[record.key] = record.value
    if value is None:
        return None
    plan = Plan.of_json(value, Selection())
    only = next(iter(plan.topics))  # that of an older version's plan, whose chunks do not name it
    for chunk in chunks.values():
        found = json.loads(chunk)
        place = Place(found.get("topic", only), found["partition"])
        plan.selection.take(place, found["runs"])
    return plan
