"""The Faust app: the agent over the input topic, its tables, its lifecycle. The wiring, nothing else.

``faust -A streams.app`` finds the app by its name; ``ticket-streams worker`` runs it with checks first.
"""

import asyncio
import logging
import os
from typing import Any

from streams.books.changelog import decode_count, decode_spend, encode_count, encode_spend
from streams.books.rows import SpendRow
from streams.claude.classifier import Classifier
from streams.claude.client import Claude
from streams.claude.gate import Gate
from streams.claude.prices import price_list
from streams.classify.categories import DEFAULT
from streams.classify.prompt import Prompt
from streams.delivery.faust_door import App, create_app, forget
from streams.delivery.lease import Lease
from streams.delivery.member import Member
from streams.delivery.partition import Books
from streams.delivery.processing import Processing
from streams.delivery.watchdog import Watchdog
from streams.delivery.work import Work
from streams.events.model import Source
from streams.events.registry import Registry
from streams.events.topics import Topics
from streams.events.wire import ENCODERS
from streams.observe.health import HealthServer
from streams.observe.logs import quiet_libraries
from streams.settings import Settings

log = logging.getLogger(__name__)

EXIT_FAILED = 3
"""The worker met something it cannot go on from; started again, it goes on where it was."""


def build_app(settings: Settings) -> App:
    """The whole worker as a Faust app; the caller starts it."""
    app = create_app(settings)
    topics = Topics.of(settings, [category.name for category in DEFAULT])
    window = {"size": settings.window_seconds, "expires": settings.window_retention_hours * 3600}
    spend = app.Table("spend", default=SpendRow, encode=encode_spend, decode=decode_spend)
    errors = app.Table("errors", default=int, encode=encode_count, decode=decode_count)
    # `spend[key].now()` and `errors[key].at(time)`, as Faust users know them.
    app.spend, app.errors = spend.tumbling(**window), errors.tumbling(**window)

    lease = Lease(settings.lease)
    gate = Gate(before_call=lease.check)
    claude = Claude(
        api_key=settings.anthropic_api_key.get_secret_value() if settings.anthropic_api_key else "",
        base_url=settings.anthropic_base_url,
        call_timeout=settings.call_timeout,
        connections=settings.max_calls,
    )
    prompt = Prompt(DEFAULT, settings.model, settings.max_tokens, settings.max_text_chars)
    classifier = Classifier(claude, prompt, price_list(), gate, settings)
    failing: list[asyncio.Task[None]] = []

    def fail(reason: str) -> None:
        """Finish what can be finished, then exit for the supervisor to restart us."""
        log.error("the worker exits to be restarted: %s", reason)
        if not failing:
            failing.append(asyncio.ensure_future(_exit_after(member)))

    member = Member(
        settings,
        topics,
        books=Books(spend, errors),
        encoder=ENCODERS[settings.output_format],
        gate=gate,
        process=Processing(classifier, Registry(settings.schema_registry_url)),
        fail=fail,
    )
    watchdog = Watchdog(member, gate, lambda: bool(app.rebalancing), settings.stall_limit)
    health = HealthServer(
        settings.worker_host, settings.worker_port, lambda: why_not_ready(member, gate)
    )
    source = app.topic(
        topics.input, key_serializer="raw", value_serializer="raw", key_type=bytes, value_type=bytes
    )

    @app.agent(source)
    async def route(stream: Any) -> None:
        """Hand each event to its partition; nothing that happens there comes back as an exception."""
        async for event in stream.noack().events():
            forget(app, event)
            await member.receive(work_of(event.message), event.message.generation_id)

    @app.on_rebalance_complete.connect
    async def assigned(_: Any, **__: Any) -> None:
        """Awaited by Faust before it seeks to the committed offsets and lets events flow."""
        await app.consumer.until_no_fetch()
        numbers = [tp.partition for tp in app.consumer.assignment() if tp.topic == topics.input]
        await member.assigned(numbers, app.consumer_generation_id)

    @app.on_partitions_revoked.connect
    async def revoked(_: Any, __: Any, **___: Any) -> None:
        """Awaited by Faust before it joins the group again: the partitions are still ours."""
        await member.give_up()

    @app.task
    async def started() -> None:
        quiet_libraries()
        await health.start()
        log.info("worker is up, health at %s", health.address)

    @app.task
    async def beat() -> None:
        """To the very end: a stop takes longer than the lease."""
        while True:
            lease.renew()
            await asyncio.sleep(settings.lease / 10)

    @app.timer(1.0)
    async def watch() -> None:
        if (complaint := watchdog.complaint()) is not None:
            fail(complaint)

    @app.timer(30.0)
    async def tidy() -> None:
        await member.housekeeping()

    async def drain() -> None:
        await member.give_up()
        await health.stop()
        await claude.close()

    app.drain = drain
    app.member, app.gate = member, gate
    return app


def work_of(message: Any) -> Work:
    """An event as Faust delivers it."""
    return Work(
        source=Source(message.topic, message.partition, message.offset),
        key=message.key,
        value=message.value,
        timestamp=round(message.timestamp * 1000),
        headers=message.headers or (),
    )


def why_not_ready(member: Member, gate: Gate) -> str | None:
    """What /readyz says."""
    if not member.ready:
        return "no partitions open yet"
    if gate.held is not None:
        return str(gate.held)
    return None


async def _exit_after(member: Member) -> None:
    await member.give_up()
    logging.shutdown()
    os._exit(EXIT_FAILED)
