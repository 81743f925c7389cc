"""What must be right before a worker starts; what is not is one line with its setting."""

import asyncio
import logging
import socket
from concurrent.futures import ThreadPoolExecutor

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random_exponential

from streams.access.denial import find_denial
from streams.audit.topic_admin import TopicsError, UnreachableError, widen
from streams.audit.topic_admin import check as check_topics
from streams.claude.prices import PriceList, prices_of
from streams.claude.tiers import SETTING, models
from streams.delivery.numbering import number_sources
from streams.events.input_schema import look_at_input
from streams.events.output_schema import OutputSchemaError, registered_encoder
from streams.events.registry_client import RegistryAwayError, RegistryClient
from streams.events.topics import Topics
from streams.events.wire import ENCODERS, RoutedEncoder
from streams.mapping.by_topic import named_inputs
from streams.observe import traces
from streams.settings import Settings, variable

log = logging.getLogger(__name__)

REGISTRY_SECONDS = 20.0
"""For a schema registry that is just being started, as we are."""

KAFKA_SECONDS = 15.0
"""For the look at Kafka: a port where something else listens, or a firewall, never answers."""


class PreflightError(Exception):
    """Something is wrong; the message is one line that names what to change."""


async def check(settings: Settings) -> RoutedEncoder:
    """Everything a worker needs; what writes its routed tickets is ready then.

    Raises PreflightError with the first thing that is wrong.
    """
    from streams.delivery.faust_door import misfits  # noqa: PLC0415  commands without Faust ask too

    check_api(settings, prices_of(settings))
    for misfit in misfits():
        raise PreflightError(f"{misfit}: install the versions of requirements.txt")
    try:
        traces.check()
    except traces.TracesError as error:
        raise PreflightError(str(error)) from None
    check_port(settings)
    topics = Topics.of(settings)
    try:
        async with asyncio.timeout(KAFKA_SECONDS):
            await number_sources(settings, topics)
            await widen(settings, topics)
            problems = await check_topics(settings, topics)
            denied = await find_denial(settings, "worker")
    except TimeoutError:
        raise PreflightError(str(UnreachableError(settings.kafka))) from None
    except TopicsError as error:
        raise PreflightError(await find_denial(settings, "worker") or str(error)) from None
    if denied:  # then topics may only look as if they were not there
        raise PreflightError(denied)
    for problem in problems:
        raise PreflightError(problem)
    encoder = await output_encoder(settings, topics)
    await check_input_schema(settings)
    return encoder


async def check_input_schema(settings: Settings) -> None:
    """What producers may write must be readable, where a registry tells. Raises PreflightError.

    One bad version beside good ones is a warning: a producer must not keep all workers from
    starting. Nor does a registry that is away: tickets wait for it then.
    """
    if (client := RegistryClient.of(settings)) is None:
        return
    for topic, mapped in named_inputs(settings).items():
        try:
            subject = await look_at_input(client, topic, mapped=mapped)
        except RegistryAwayError as error:
            log.warning("the schemas of %s were not looked at: %s", topic, error)
            return
        if subject.refused is not None:
            raise PreflightError(subject.refused)
        for warning in subject.warnings:
            log.warning("%s", warning)


async def output_encoder(settings: Settings, topics: Topics) -> RoutedEncoder:
    """What writes routed tickets with these settings. Raises PreflightError.

    A registry is asked here and never again: whatever becomes of it, what is paid for can be
    written.
    """
    try:
        client = RegistryClient.of(settings)
        if client is None or settings.output_format != "avro":
            return ENCODERS[settings.output_format]
        return await _registered(client, settings, topics)
    except RegistryAwayError as error:
        raise PreflightError(
            f"SCHEMA_REGISTRY_URL: the schema registry cannot be used: {error}"
        ) from None
    except (OutputSchemaError, ValueError) as error:
        raise PreflightError(str(error)) from None


def encoder_of(settings: Settings, topics: Topics) -> RoutedEncoder:
    """The same, for callers without an event loop; the main thread's own loop is left alone."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, output_encoder(settings, topics)).result()


@retry(
    retry=retry_if_exception_type(RegistryAwayError),
    stop=stop_after_delay(REGISTRY_SECONDS),
    wait=wait_random_exponential(multiplier=0.5, max=5),
    reraise=True,
)
async def _registered(client: RegistryClient, settings: Settings, topics: Topics) -> RoutedEncoder:
    return await registered_encoder(
        client,
        topics,
        settings.subject_strategy,
        auto_register=settings.auto_register_schemas,
    )


def check_api(settings: Settings, prices: PriceList) -> None:
    """What a call needs: a key and models whose price is known. Raises PreflightError."""
    if settings.anthropic_api_key is None or not settings.anthropic_api_key.get_secret_value():
        raise PreflightError("ANTHROPIC_API_KEY is not set: the Messages API needs a key")
    for tier, model in models(settings).items():
        if not prices.known(model):
            raise PreflightError(
                f"{variable(SETTING[tier])} is {model}, which has no price: what it costs could "
                "not be booked; a file named by TICKET_STREAMS_PRICES_FILE can give it one"
            )


def check_port(settings: Settings) -> None:
    """The port of /livez and /readyz must be free. Raises PreflightError."""
    host, port = settings.worker_host, settings.worker_port
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise PreflightError(
            f"TICKET_STREAMS_WORKER_PORT: {host}:{port} cannot be listened on ({reason}): "
            "choose another, or 0 for any free one"
        ) from None
