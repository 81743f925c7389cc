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
from streams.audit.topic_admin import MissingTopicError
from streams.claude.prices import prices_of
from streams.delivery.source_topic import SourceTopic
from streams.evaluate.estimate import Estimate, estimate
from streams.evaluate.labels import Labelled
from streams.events.model import Ticket
from streams.events.sources import Place
from streams.events.times import now_ms
from streams.events.topics import Topics
from streams.events.wire import UndecodableEvent, decode_routed
from streams.mapping.by_topic import registry_of
from streams.replay.plan import Plan, Selection
from streams.settings import Settings

PRICED = 5_000
"""Tickets whose cost is worked out, the first ones; that of the others is taken as the same."""

REGISTRY_SECONDS = 15.0

When = float | Mapping[Place, int]
"""A time in epoch seconds, or an offset by source partition."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. ``categories`` are those that the tickets have now; empty for all."""

    run: str
    begin: When
    until: When | None = None
    categories: Collection[str] = ()
    topic_prefix: str | None = None
    topics: Collection[str] = ()
    """The input topics; empty for all."""

    @property
    def named(self) -> set[str]:
        """Every topic that is named anywhere."""
        offsets = [when for when in (self.begin, self.until) if isinstance(when, Mapping)]
        return {*self.topics, *(place.topic for when in offsets for place in when)}


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
        inputs = topics.inputs(await snapshot.topics())
        for missing in order.named.difference(inputs):
            raise MissingTopicError(missing)  # a pattern matches it, and it is not there
        chosen = [name for name in inputs if not order.topics or name in order.topics]
        within = await _within(settings, chosen, order, snapshot)
        read = {place.topic for place in within}
        # Without any event it is a plan all the same, of the first.
        ids = {name: await topic_id(settings, name) for name in chosen if name in read or not read}
        plan = Plan(order.run, ids, within, order.topic_prefix, made_at=now_ms())
        if order.categories:
            selection = await _selection(snapshot, topics, order.categories, within)
            plan = replace(plan, selected=True, selection=selection)
        return await _forecast(settings, plan, snapshot)


async def topic_id(settings: Settings, topic: str) -> str:
    """The id that Kafka gave the topic."""
    source = SourceTopic(settings.kafka, topic)
    try:
        await source.open()
        return source.id
    finally:
        await source.close()


async def _within(
    settings: Settings, topics: Collection[str], order: Order, snapshot: Snapshot
) -> dict[Place, range]:
    ends = await snapshot.ends(topics)
    starts = await snapshot.starts(topics)
    first = await _places(settings, order.begin, ends)
    last = ends if order.until is None else await _places(settings, order.until, ends)
    ranges = {Place(*tp): range(max(first[tp], starts[tp]), min(last[tp], ends[tp])) for tp in ends}
    return {place: span for place, span in sorted(ranges.items()) if span}


async def _places(
    settings: Settings, when: When, ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """An offset for each partition. A partition that is not named has none of its events meant."""
    if isinstance(when, Mapping):
        return {tp: when.get(Place(*tp), end) for tp, end in ends.items()}
    async with open_consumer(settings.kafka, "read_committed") as consumer:
        found = await consumer.offsets_for_times(dict.fromkeys(ends, round(when * 1000)))
    return {tp: at.offset if (at := found.get(tp)) else end for tp, end in ends.items()}


async def _selection(
    snapshot: Snapshot,
    topics: Topics,
    categories: Collection[str],
    within: Mapping[Place, range],
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
        place = Place(source.topic, source.partition)
        wanted_now = routed.classification.category in categories
        if wanted_now and source.offset in within.get(place, ()):
            selection.add(place, source.offset)
    return selection


async def _forecast(settings: Settings, plan: Plan, snapshot: Snapshot) -> Forecast:
    forecast, priced = Forecast(plan), list[Labelled]()
    registry = registry_of(settings)
    ends = {TopicPartition(*place): span.stop for place, span in plan.within.items()}
    starts = {TopicPartition(*place): span.start for place, span in plan.within.items()}
    async for record in snapshot.read(ends, starts):
        source = record.topic, record.partition, record.offset
        if plan.selected and source not in plan.selection:
            forecast.unwanted += 1
            continue
        try:
            async with asyncio.timeout(REGISTRY_SECONDS):
                found = await registry.decode_ticket(record.value, record.headers, record.topic)
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
