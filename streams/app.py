"""The Faust app: the agent over the input topic, its tables, its lifecycle; the wiring, no more."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiokafka.errors import KafkaError

from streams.books.changelog import decode_count, decode_spend, encode_count, encode_spend
from streams.books.limits import Scope
from streams.books.rows import SpendRow
from streams.claude.budget_guard import budget_of, guard_of
from streams.claude.budget_reload import BudgetReload
from streams.claude.budgeted import BudgetedGates, BudgetedPace
from streams.claude.client import Claude
from streams.claude.gate import Gate
from streams.claude.pace import pace_of
from streams.claude.tiers import classifier, models, triage_of
from streams.claude.unpriced import Unpriced
from streams.delivery.admission import Admission
from streams.delivery.breaker import Breaker
from streams.delivery.budget_watch import BudgetWatch, part_of
from streams.delivery.choice import Choice
from streams.delivery.faust_door import App, create_app, forget
from streams.delivery.giving_up import GivingUp
from streams.delivery.intake import Intake
from streams.delivery.last_resort import EXIT_FAILED, exit_within
from streams.delivery.lease import Lease
from streams.delivery.member import Member
from streams.delivery.outbox import Books
from streams.delivery.patterns import follow_patterns
from streams.delivery.processing import Processing
from streams.delivery.reading import ReadingWatch
from streams.delivery.restore import source_ends
from streams.delivery.size import Headers
from streams.delivery.throttling import Throttled
from streams.delivery.watchdog import Watchdog
from streams.delivery.work import Work
from streams.events.headers import RUN
from streams.events.model import Source
from streams.events.topics import Topics
from streams.events.wire import RoutedEncoder
from streams.mapping.by_topic import registry_of
from streams.observe.collector import WorkerCollector
from streams.observe.counts import Counts, worker_registry
from streams.observe.health import HealthServer, Phase, Readiness
from streams.observe.heard import HeardPace
from streams.observe.logs import quiet_libraries
from streams.observe.traces import Traces, traces_of
from streams.preflight import encoder_of
from streams.settings import Settings

log = logging.getLogger(__name__)

EXIT_SECONDS = 20.0
"""After the grace for calls: the last transactions, and the clients of Kafka, which may hang."""


def build_app(settings: Settings, encoder: RoutedEncoder | None = None) -> App:
    """The whole worker as a Faust app; the caller starts it.

    ``encoder`` writes routed tickets; without one it is made here, and a schema registry that is
    set is asked for it (PreflightError where it cannot be used). A Faust user adds agents and
    timers of their own to the app, and reads the books as ever:
    ``app.spend["0|claude-haiku-5-5|billing"].now()``.
    """
    app = create_app(settings)
    topics = Topics.of(settings)
    app.spend = app.book("spend", SpendRow, encode_spend, decode_spend, settings)
    app.errors = app.book("errors", int, encode_count, decode_count, settings)
    parts = assemble(
        settings,
        topics,
        Books(app.spend.table, app.errors.table),
        encoder or encoder_of(settings, topics),
        app.is_rebalancing,
    )
    member = parts.member
    source = app.topic(
        *topics.inputs(()),
        key_serializer="raw",
        value_serializer="raw",
        key_type=bytes,
        value_type=bytes,
    )

    @app.agent(source)
    async def route(stream: Any) -> None:
        """Hand each event to its partition; whatever happens there is no exception here."""
        async for event in stream.noack().events():
            forget(app, event)
            message = event.message
            await member.receive(work_of(message, member.source_of), message.generation_id)

    @app.on_rebalance_complete.connect
    async def assigned(*_: Any, **__: Any) -> None:
        """Awaited by Faust before it seeks to the committed offsets and lets events flow."""
        parts.readiness.phase = Phase.RECOVERING
        places, generation = await app.assignment_of(topics.is_input)
        await asyncio.gather(parts.claude.open(), member.assigned(places, generation))

    @app.on_partitions_revoked.connect
    async def revoked(*_: Any, **__: Any) -> None:
        """Awaited by Faust before it joins the group again: the partitions are still ours."""
        parts.readiness.phase = Phase.REBALANCING
        await member.revoked()

    @app.task
    async def started() -> None:
        quiet_libraries()
        await parts.health.start()
        log.info("worker is up, health at %s", parts.health.address)

    @app.task
    async def beat() -> None:
        """To the very end: a stop takes longer than the lease."""
        while True:
            parts.lease.renew()
            await asyncio.sleep(settings.lease / 10)

    @app.task
    async def follow_spending() -> None:
        await asyncio.gather(parts.budget_watch.run(), parts.budget_reload.run())

    @app.timer(1.0)
    async def watch() -> None:
        if (complaint := parts.watchdog.complaint()) is not None:
            parts.fail(complaint)

    @app.timer(30.0)
    async def tidy() -> None:
        await member.housekeeping()

    @app.timer(10.0)
    async def look() -> None:
        if app.is_rebalancing() or not member.ready:
            return
        try:
            async with asyncio.timeout(10):
                positions, ends = await _places(app, settings, topics, member)
        except (KafkaError, OSError, TimeoutError):
            return  # Kafka is away: then nothing is to be read
        parts.collector.ends.update(ends)
        still = parts.reading.look(positions, ends, idle=not member.pending, now=time.monotonic())
        if still > settings.stall_limit:
            parts.fail(f"nothing was read for {still:.0f} s although there are tickets to read")

    follow_patterns(app, source, settings, topics)
    _connect(app, parts)
    return app


async def _places(
    app: App, settings: Settings, topics: Topics, member: Member
) -> tuple[dict[int, int], Mapping[int, int]]:
    """Where the consumer stands and where the partitions end, by source number."""
    places = {number: p.source for number, p in member.partitions.items()}
    ends = await source_ends(settings, places)
    found = await app.positions_of(topics.is_input)
    return {number: found[place] for number, place in places.items() if place in found}, ends


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything of a worker that is not Faust."""

    lease: Lease
    claude: Claude
    member: Member
    watchdog: Watchdog
    reading: ReadingWatch
    readiness: Readiness
    health: HealthServer
    collector: WorkerCollector
    budget_watch: BudgetWatch
    traces: Traces
    budget_reload: BudgetReload
    throttled: Throttled
    fail: Callable[[str], None]

    async def stop(self) -> None:
        """Finish and commit what is in hand, then close."""
        self.readiness.phase = Phase.STOPPING
        log.info("stopping: %d tickets in hand are finished and committed", self.member.pending)
        await self.member.give_up()
        log.info("stopped: the partitions are given up")
        await asyncio.to_thread(self.traces.close)
        await self.health.stop()
        await self.claude.close()


def _connect(app: App, parts: Parts) -> None:
    """What the app asks of us, and tells us."""
    app.drain = parts.stop
    member = parts.member
    app.held_back, app.coming, app.standing = member.held_back, member.coming, member.standing
    app.throttled = parts.throttled


def assemble(
    settings: Settings,
    topics: Topics,
    books: Books,
    encoder: RoutedEncoder,
    rebalancing: Callable[[], bool],
    choice: Choice | None = None,
) -> Parts:
    """Put the parts together. ``choice`` is that of the settings if not given."""
    lease = Lease(settings.lease)
    claude = Claude.of(settings)
    gates = {tier: Gate(before_call=lease.check) for tier in models(settings)}
    budget = budget_of(settings)
    guard = guard_of(settings, budget, lambda: part_of(member.partitions, watch.partitions))
    watch = BudgetWatch(settings.kafka, topics, budget, guard.tell)
    all_gates = BudgetedGates(list(gates.values()), guard.blocked)
    heard = HeardPace(pace_of(settings, models(settings)), models(settings))
    pace = BudgetedPace(heard, guard)
    unpriced = Unpriced()
    classifiers = {
        tier: classifier(settings, tier, claude, gates[tier], pace, unpriced)
        for tier in models(settings)
    }
    triage = triage_of(settings, lambda *scope: guard.may_escalate(Scope(*scope)))
    breaker = Breaker(settings.dead_letter_share, settings.dead_letter_least, all_gates.stop)
    giving_up = GivingUp(breaker)
    registry = registry_of(settings)
    choice = choice or Choice(skip_tombstones=settings.tombstones == "skip")
    metrics = worker_registry()
    counts = Counts(metrics)
    counts.begin(topics.categories, models(settings))
    traces = traces_of(settings.app_id)
    exiting: list[asyncio.Future[None]] = []

    def fail(reason: str) -> None:
        """Finish what can be finished, then exit for the supervisor to restart us."""
        if exiting:  # the same comes of every partition then
            log.debug("the worker exits already: %s", reason)
        else:
            log.error("the worker exits to be restarted: %s", reason)
            readiness.phase = Phase.STOPPING
            exiting.append(asyncio.ensure_future(_exit_after(member, settings.stop_grace)))

    member = Member(
        settings,
        topics,
        books=replace(books, committed=counts.committed, traces=traces),
        encoder=encoder,
        gates=all_gates,
        intake=Intake(registry, classifiers["first"].prompt, triage, giving_up, choice),
        process=Processing(classifiers, triage, giving_up, budget.book),
        pace=pace,
        admission=Admission(guard, classifiers["first"].prompt),
        fail=fail,
        throttled=counts.throttled,
    )
    readiness = Readiness(lambda: member.ready, lambda: all_gates.blocked)
    watchdog = Watchdog(member, all_gates, rebalancing, settings.stall_limit)
    version = classifiers["first"].prompt.version
    collector = WorkerCollector(
        settings, version, member, gates, breaker, readiness, heard, guard.used
    )
    metrics.register(collector)
    return Parts(
        lease=lease,
        claude=claude,
        member=member,
        watchdog=watchdog,
        reading=ReadingWatch(),
        readiness=readiness,
        health=HealthServer(
            settings.worker_host,
            settings.worker_port,
            readiness.why_not,
            metrics,
            lambda: watchdog.worry() or unpriced.words,
        ),
        collector=collector,
        budget_watch=watch,
        traces=traces,
        budget_reload=BudgetReload(settings.limits, watch.change),
        throttled=counts.throttled,
        fail=fail,
    )


def work_of(message: Any, source_of: Callable[[str, int, int], Source]) -> Work:
    """An event as Faust delivers it."""
    return Work(
        source=source_of(message.topic, message.partition, message.offset),
        key=message.key,
        value=message.value,
        timestamp=round(message.timestamp * 1000),
        headers=without_run(message.headers or ()),
    )


def without_run(headers: Headers) -> Headers:
    """Only a replay says that a result is one of a replay."""
    return [header for header in headers if header[0] != RUN] if headers else headers


async def _exit_after(member: Member, grace: float) -> None:
    exit_within(grace + EXIT_SECONDS, lambda: EXIT_FAILED)
    await member.give_up()
    logging.shutdown()
    os._exit(EXIT_FAILED)
