"""Shows, checks and creates the topics of one installation."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.errors import (
    InvalidPartitionsError,
    KafkaError,
    TopicAlreadyExistsError,
    for_code,
)

from streams.access.connection import Address, client_arguments
from streams.access.reason import why_not
from streams.audit.numbering import read_sources
from streams.audit.numbering import width as needed
from streams.events.sources import Sources
from streams.events.topics import INPUT_ROOM, Topics, TopicSpec
from streams.settings import Settings

DEFAULT_PARTITIONS = 8
# What Kafka itself recommends: one broker may be down while another restarts.
DEFAULT_REPLICATION = 3

KNOWN_SECONDS = 30.0
KNOWN_POLL_SECONDS = 0.05
BROKER_SECONDS = 10.0
BROKER_POLL_SECONDS = 0.2

Status = Literal["ok", "missing", "wrong partition count"]


class TopicsError(Exception):
    """Something about Kafka or its topics that a person can mend: the message says how."""


class UnreachableError(TopicsError):
    """Kafka does not answer; the argument is the address, and why, where that is known."""

    def __str__(self) -> str:
        if len(self.args) > 1 and self.args[1]:
            return str(self.args[1])
        return f"Kafka does not answer at {self.args[0]}: is KAFKA_BOOTSTRAP_SERVERS right?"


class MissingTopicError(TopicsError):
    """A topic that is needed does not exist; the argument is its name."""

    def __str__(self) -> str:
        return f"there is no topic {self.args[0]}: run ticket-streams topics --create"


class TopicCreationError(TopicsError):
    """Kafka refused to create a topic or partitions; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as it should be and as it is. ``partitions`` is None where there is no such topic."""

    name: str
    partitions: int | None
    required: int | None = None
    """The least number of partitions it must have: all of the input topics' together, or None."""

    @property
    def status(self) -> Status:
        """Whether the worker can use it."""
        if self.partitions is None:
            return "missing"
        # More do no harm: they are left from an input topic that had more.
        if self.required is not None and self.partitions < self.required:
            return "wrong partition count"
        return "ok"


async def describe(settings: Settings, topics: Topics) -> list[TopicState]:
    """The state of the input topics and of every topic of ours. Raises UnreachableError."""
    async with open_admin(settings.kafka) as admin:
        counts = await partition_counts(admin)
    return states_of(topics, counts, await read_sources(settings.kafka, topics, counts))


async def check(settings: Settings, topics: Topics) -> list[str]:
    """What keeps the worker from working with these topics: a line for each problem."""
    try:
        states = await describe(settings, topics)
    except UnreachableError as error:
        return [str(error)]
    problems = []
    for state in states:
        if state.status == "missing":
            problems.append(str(MissingTopicError(state.name)))
        elif state.status != "ok":
            problems.append(
                f"topic {state.name} has {state.partitions} partitions and needs the "
                f"{state.required} of {_inputs(topics)}"
            )
    return problems


async def create_missing(
    settings: Settings,
    topics: Topics,
    *,
    partitions: int = DEFAULT_PARTITIONS,
    replication: int | None = None,
) -> list[str]:
    """Creates the topics that are missing, the inputs too, and returns their names.

    ``partitions`` is for input topics that do not exist yet: every topic gets as many as all of
    them have. ``replication`` is 3 by default, or the number of brokers if there are fewer. Raises
    UnreachableError and TopicCreationError.
    """
    async with open_admin(settings.kafka) as admin:
        counts = await partition_counts(admin)
        inputs = {name: counts.get(name, partitions) for name in topics.inputs(counts)}
        sources = await read_sources(settings.kafka, topics, {**counts, **inputs})
        specs = [
            *(TopicSpec(name, True, INPUT_ROOM, width) for name, width in inputs.items()),
            *topics.specs(),
        ]
        missing = [spec for spec in specs if spec.name not in counts]
        if missing:
            await create(admin, missing, sources.width(inputs[topics.input]), replication)
        return [spec.name for spec in missing]


async def create(
    admin: AIOKafkaAdminClient,
    specs: Iterable[TopicSpec],
    width: int,
    replication: int | None = None,
) -> None:
    """Creates topics, of ``width`` partitions where they do not say how many, and returns when the
    broker shows them.

    One that is there by now stays as it is. ``replication`` is 3 by default, or the number of
    brokers if there are fewer. Raises TopicCreationError.
    """
    if replication is None:
        brokers = len((await admin.describe_cluster())["brokers"])
        replication = min(DEFAULT_REPLICATION, brokers)
    new = [
        NewTopic(spec.name, spec.partitions or width, replication, topic_configs=dict(spec.config))
        for spec in specs
    ]
    answer = await admin.create_topics(new)
    for topic, code, *message in answer.topic_errors:
        # Another process may have been faster.
        if code not in (0, TopicAlreadyExistsError.errno):
            reason = (message and message[0]) or for_code(code).__name__
            raise TopicCreationError(f"topic {topic} was not created: {reason}")
    await wait_until_known(admin, [topic.name for topic in new])


async def widen(settings: Settings, topics: Topics) -> list[str]:
    """Gives the topics that need a partition for each of the input topics those they lack, and
    returns their names. Raises UnreachableError and TopicCreationError.
    """
    async with open_admin(settings.kafka) as admin:
        counts = await partition_counts(admin)
        states = states_of(topics, counts, await read_sources(settings.kafka, topics, counts))
        narrow = {state.name: state for state in states if state.status == "wrong partition count"}
        for state in narrow.values():
            try:
                await admin.create_partitions({state.name: NewPartitions(state.required)})
            except InvalidPartitionsError:
                continue  # another worker was faster
            except KafkaError as error:
                raise TopicCreationError(
                    f"topic {state.name} has {state.partitions} partitions, needs the "
                    f"{state.required} of {_inputs(topics)}, and Kafka does not add them: {error}"
                ) from error
        required = {name: state.required or 0 for name, state in narrow.items()}
        await wait_until_known(admin, required)
        return list(narrow)


async def partition_counts(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """The number of partitions of every topic of the cluster."""
    # Asking for a topic by name would create it where Kafka is set to do so: ask for all.
    return {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics()}


async def wait_until_known(
    admin: AIOKafkaAdminClient, topics: Collection[str] | Mapping[str, int]
) -> None:
    """Returns when the broker shows topics that were just created, or that they have at least the
    given numbers of partitions. Raises TopicCreationError.

    The controller has them before the brokers that clients ask.
    """
    wanted = topics if isinstance(topics, Mapping) else dict.fromkeys(topics, 1)
    try:
        async with asyncio.timeout(KNOWN_SECONDS):
            while wanted:
                counts = await partition_counts(admin)
                wanted = {name: n for name, n in wanted.items() if counts.get(name, 0) < n}
                await asyncio.sleep(KNOWN_POLL_SECONDS if wanted else 0)
    except TimeoutError:
        raise TopicCreationError(
            f"Kafka does not show the new topics {', '.join(topics)}"
        ) from None


@asynccontextmanager
async def open_admin(bootstrap: Address) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client for administration. Raises UnreachableError."""
    admin = AIOKafkaAdminClient(**client_arguments(bootstrap))
    try:
        await connect(admin, bootstrap)
        await _until_a_broker_is_known(admin, bootstrap)
        yield admin
    finally:
        await admin.close()


async def ask(admin: AIOKafkaAdminClient, request: Any, node: int | None = None) -> Any:
    """The answer of a broker, any one if ``node`` names none, to a request that aiokafka 0.14 has
    no method for. Raises KafkaError, and NotImplementedError where Kafka is too old for it."""
    client = admin._client
    return await client.send(client.get_random_node() if node is None else node, request)


async def _until_a_broker_is_known(admin: AIOKafkaAdminClient, bootstrap: Address) -> None:
    """A broker that comes back, or was frozen, answers before it counts itself among the brokers.

    aiokafka 0.14 starts on such an answer, and then has nobody to ask. Delete this when it waits.
    """
    client = admin._client
    try:
        async with asyncio.timeout(BROKER_SECONDS):
            while not client.cluster.brokers():
                await asyncio.sleep(BROKER_POLL_SECONDS)
                await client.force_metadata_update()
    except TimeoutError:
        raise UnreachableError(bootstrap, "Kafka answers, but names no broker") from None


async def connect(
    client: AIOKafkaConsumer | AIOKafkaProducer | AIOKafkaAdminClient, bootstrap: Address
) -> None:
    """Starts a client of aiokafka. Raises UnreachableError when nothing answers."""
    try:
        await client.start()
    except (KafkaError, OSError) as error:
        raise UnreachableError(bootstrap, await why_not(bootstrap)) from error


def _inputs(topics: Topics) -> str:
    return ", ".join([topics.input, *topics.more_inputs])


def states_of(
    topics: Topics, counts: Mapping[str, int], sources: Sources | None = None
) -> list[TopicState]:
    """The states for these numbers of partitions, and these source numbers. Pure."""
    width = needed(topics, counts, sources) if topics.input in counts else None
    states = [TopicState(name, counts.get(name)) for name in topics.inputs(counts)]
    for spec in topics.specs():
        required = width if spec.same_partitions else None
        states.append(TopicState(spec.name, counts.get(spec.name), required))
    return states
