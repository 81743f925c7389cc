"""Makes the plan of a replay, and says what it will cost: found by reading alone."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from aiokafka import TopicPartition

from streams.audit.owner import owner_of, run_of
from streams.audit.snapshot import (
    OnProgress,
    Snapshot,
    ignore_progress,
    open_consumer,
    open_snapshot,
)
from streams.claude.prices import prices_of
from streams.delivery.source_topic import SourceTopic
from streams.evaluate.estimate import Estimate, estimate
from streams.evaluate.labels import Labelled
from streams.events.model import Ticket
from streams.events.times import now_ms
from streams.events.topics import Topics
from streams.events.wire import UndecodableEvent, decode_routed
from streams.mapping.by_topic import registry_of
from streams.replay.plan import Plan, Selection
from streams.settings import Settings

PRICED = 5_000
"""Tickets whose cost is worked out, the first ones; that of the others is taken as the same."""

REGISTRY_SECONDS = 15.0

Place = float | Mapping[int, int]
"""A time in epoch seconds, or an offset by partition."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. ``categories`` are those that the tickets have now; empty for all."""

    run: str
    begin: Place
    until: Place | None = None
    categories: Collection[str] = ()
    topic_prefix: str | None = None
    topic: str | None = None
    """The input topic; the first one if not given."""


@dataclass(slots=True)
class Forecast:
    """What a plan comes to. Money in pico-dollars."""

    plan: Plan
    tickets: int = 0
    unreadable: int = 0
    """Events that would become dead letters."""
    unwanted: int = 0
    """Events that the filter, or the choice of categories, leaves out."""
    cost: Estimate = field(default_factory=lambda: Estimate(0, 0))


async def make_plan(
    settings: Settings, order: Order, tell: OnProgress = ignore_progress
) -> Forecast:
    """Reads the range and changes nothing. Raises UnreachableError, MissingTopicError, NoPrice."""
    topics = Topics.of(settings)
    async with open_snapshot(settings.kafka, on_progress=tell) as snapshot:
        topic = order.topic or topics.input
        within = await _within(settings, topic, order, snapshot)
        plan = Plan(order.run, topic, "", within, order.topic_prefix, made_at=now_ms())
        if order.categories:
            selection = await _selection(snapshot, topics, order.categories, topic, within)
            plan = replace(plan, selected=True, selection=selection)
        forecast = await _forecast(settings, plan, snapshot)
    return replace(forecast, plan=replace(plan, topic_id=await topic_id(settings, topic)))


async def topic_id(settings: Settings, topic: str) -> str:
    """The id that Kafka gave the topic."""
    source = SourceTopic(settings.kafka, topic)
    try:
        await source.open()
        return source.id
    finally:
        await source.close()


async def _within(
    settings: Settings, topic: str, order: Order, snapshot: Snapshot
) -> dict[int, range]:
    ends = await snapshot.ends([topic])
    starts = await snapshot.starts([topic])
    first = await _places(settings, order.begin, ends)
    last = ends if order.until is None else await _places(settings, order.until, ends)
    ranges = {
        tp.partition: range(max(first[tp], starts[tp]), min(last[tp], ends[tp])) for tp in ends
    }
    return {number: span for number, span in sorted(ranges.items()) if span}


async def _places(
    settings: Settings, place: Place, ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """An offset for each partition. A partition that is not named has none of its events meant."""
    if isinstance(place, Mapping):
        return {tp: place.get(tp.partition, end) for tp, end in ends.items()}
    async with open_consumer(settings.kafka, "read_committed") as consumer:
        found = await consumer.offsets_for_times(dict.fromkeys(ends, round(place * 1000)))
    return {tp: at.offset if (at := found.get(tp)) else end for tp, end in ends.items()}


async def _selection(
    snapshot: Snapshot,
    topics: Topics,
    categories: Collection[str],
    topic: str,
    within: Mapping[int, range],
) -> Selection:
    """The tickets in the range that the worker itself, and no replay, sent to these categories."""
    selection = Selection()
    wanted = {topic for name, topic in topics.categories.items() if name in categories}
    async for record in snapshot.read(await snapshot.ends(sorted(wanted))):
        if run_of(record) or owner_of(record) not in ("", topics.app):
            continue
        routed = decode_routed(record.value)
        source = routed.source
        # A ticket of another topic may be another installation's, of before it said so.
        wanted_now = source.topic == topic and routed.classification.category in categories
        if wanted_now and source.offset in within.get(source.partition, ()):
            selection.add(source.partition, source.offset)
    return selection


async def _forecast(settings: Settings, plan: Plan, snapshot: Snapshot) -> Forecast:
    forecast, priced = Forecast(plan), list[Labelled]()
    registry = registry_of(settings)
    ends = {TopicPartition(plan.topic, p): span.stop for p, span in plan.within.items()}
    starts = {TopicPartition(plan.topic, p): span.start for p, span in plan.within.items()}
    async for record in snapshot.read(ends, starts):
        if plan.selected and (record.partition, record.offset) not in plan.selection:
            forecast.unwanted += 1
            continue
        try:
            async with asyncio.timeout(REGISTRY_SECONDS):
                found = await registry.decode_ticket(record.value, record.headers, plan.topic)
        except UndecodableEvent:
            forecast.unreadable += 1
            continue
        if not isinstance(found, Ticket):
            forecast.unwanted += 1
            continue
        forecast.tickets += 1
        if len(priced) < PRICED:
            priced.append(Labelled(0, found, ""))
    if priced:
        some = estimate(priced, settings, prices_of(settings), now_ms())
        forecast.cost = Estimate(
            some.likely * forecast.tickets // len(priced),
            some.most * forecast.tickets // len(priced),
        )
    return forecast
