"""All checks, in the order in which they are told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from streams.access.acls import Role, least
from streams.access.rights import missing
from streams.audit.group import read_group
from streams.audit.snapshot import Snapshot, open_snapshot
from streams.audit.topic_admin import TopicsError, UnreachableError
from streams.claude.prices import prices_of
from streams.doctor.access_checks import check_rights
from streams.doctor.api import check_api
from streams.doctor.clock import check_stamps, read_stamps
from streams.doctor.cluster import check_cluster, read_cluster
from streams.doctor.finding import Finding
from streams.doctor.group_checks import check_group
from streams.doctor.machine import check_machine
from streams.doctor.price_checks import check_prices
from streams.doctor.quotas import check_quotas, read_quotas
from streams.doctor.registry import check_registry
from streams.doctor.setting_checks import check_settings
from streams.doctor.topic_checks import check_topics
from streams.doctor.topic_facts import read_topics
from streams.events.times import now_ms
from streams.events.topics import Topics
from streams.settings import Settings

KAFKA_SECONDS = 30.0
"""For the whole look at Kafka: where something else listens, nothing ever answers."""

UNSEEN = Finding(
    "consumers",
    "note",
    "how other consumers read our topics cannot be seen from here",
    "each must set isolation.level=read_committed, or it sees tickets twice",
)


async def examine(settings: Settings, role: Role = "worker") -> AsyncIterator[Finding]:
    """Every finding, as soon as it is there. Nothing is changed, nothing is paid.

    ``role`` is what the user who signs in to Kafka is to do.
    """
    for finding in check_settings(settings):
        yield finding
    for finding in await check_machine(settings):
        yield finding
    for finding in await _kafka(settings, role):
        yield finding
    yield UNSEEN
    for finding in await check_registry(settings):
        yield finding
    for finding in check_prices(settings, prices_of(settings), datetime.now(UTC).date()):
        yield finding
    for finding in await check_api(settings):
        yield finding


async def _kafka(settings: Settings, role: Role) -> list[Finding]:
    found: list[Finding] = []
    try:
        async with (
            asyncio.timeout(KAFKA_SECONDS),
            open_snapshot(settings.kafka) as seen,
        ):
            found += check_rights(settings, role, await missing(seen.admin, least(role, settings)))
            await _look(settings, seen, found)
    except UnreachableError as error:
        found.append(Finding("kafka", "wrong", str(error)))
    except TimeoutError:
        found.append(Finding("kafka", "wrong", str(UnreachableError(settings.kafka))))
    except (KafkaError, TopicsError) as error:
        what = f"it refuses a look: {type(error).__name__}: {error}"
        found.append(Finding("kafka", "wrong", what, "may this user describe topics and groups?"))
    return found


async def _look(settings: Settings, seen: Snapshot, found: list[Finding]) -> None:
    """Adds to ``found``, so that what was found is told even if Kafka goes away meanwhile."""
    topics = Topics.of(settings)
    cluster = await read_cluster(seen.admin)
    found += check_cluster(settings, cluster)
    found += check_quotas(settings, await read_quotas(seen.admin))
    inputs, sources = await seen.inputs(topics)
    facts = await read_topics(seen.admin, [*inputs, *(spec.name for spec in topics.specs())])
    found += check_topics(topics, facts, cluster.brokers, sources)
    if set(inputs) <= facts.keys():
        found += check_group(settings, await read_group(seen, settings.app_id, topics))
    if topics.calls in facts:
        try:
            found += check_stamps(await read_stamps(seen, topics), now_ms())
        except TopicAuthorizationFailedError:
            tip = f"grant Read on {topics.calls} to look at it"
            found.append(Finding("clock", "note", "the calls may not be read", tip))
