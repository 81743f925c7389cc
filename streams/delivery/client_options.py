"""The ``[kafka]`` block of the settings file: librdkafka's names, for aiokafka's clients.

What would break a promise is refused with the reason, what does not exist with the nearest name.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Client = Literal["consumer", "producer", "both"]


@dataclass(frozen=True, slots=True)
class Option:
    """Whose argument it is, its name there, and what makes the value of a text."""

    client: Client
    argument: str
    read: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Arguments of aiokafka's clients, beside those that we give them."""

    consumer: Mapping[str, Any] = field(default_factory=dict)
    producer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Those of the client that asks about the cluster for all producers."""
        wanted = ("client_id", "metadata_max_age_ms")
        return {name: value for name, value in self.producer.items() if name in wanted}


def client_options(given: Mapping[str, str]) -> ClientOptions:
    """What the block says. Raises ValueError, one line that names the option."""
    consumer: dict[str, Any] = {}
    producer: dict[str, Any] = {}
    for name, text in given.items():
        option = _option(name)
        try:
            value = option.read(text)
        except ValueError as error:
            raise ValueError(f"{name}: {error} (is {text!r})") from None
        if option.client != "producer":
            consumer[option.argument] = value
        if option.client != "consumer":
            producer[option.argument] = value
    return ClientOptions(consumer, producer)


def _option(name: str) -> Option:
    if name in OPTIONS:
        return OPTIONS[name]
    for refused, why in REFUSED.items():
        if name == refused or (refused.endswith(".") and name.startswith(refused)):
            raise ValueError(f"{name}: {why}")
    near = difflib.get_close_matches(name, OPTIONS, n=1, cutoff=0.5)
    raise ValueError(f"{name}: no such option" + (f", {near[0]}?" if near else ""))


def _whole(least: int, most: int = 2**31 - 1) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least:,} to {most:,}")
        return int(text)

    return read


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def _name(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def _compression(text: str) -> str | None:
    from aiokafka import codec  # noqa: PLC0415  settings alone do not need aiokafka

    codecs = {"none": True, "gzip": codec.has_gzip(), "snappy": codec.has_snappy(),
              "lz4": codec.has_lz4(), "zstd": codec.has_zstd()}  # fmt: skip
    if not codecs.get(text):
        raise ValueError(f"must be one of {', '.join(name for name, has in codecs.items() if has)}")
    return None if text == "none" else text


_WAIT = _whole(0, 300_000)
_BYTES = _whole(1)

# As librdkafka calls them; where Java has another name, that too.
OPTIONS: Mapping[str, Option] = {
    "client.id": Option("both", "client_id", _name),
    "client.rack": Option("consumer", "client_rack", _name),
    "metadata.max.age.ms": Option("both", "metadata_max_age_ms", _whole(1_000, 3_600_000)),
    "connections.max.idle.ms": Option("both", "connections_max_idle_ms", _whole(10_000)),
    "retry.backoff.ms": Option("both", "retry_backoff_ms", _whole(1, 10_000)),
    "fetch.min.bytes": Option("consumer", "fetch_min_bytes", _BYTES),
    "fetch.max.bytes": Option("consumer", "fetch_max_bytes", _BYTES),
    "fetch.wait.max.ms": Option("consumer", "fetch_max_wait_ms", _WAIT),
    "fetch.max.wait.ms": Option("consumer", "fetch_max_wait_ms", _WAIT),
    "max.partition.fetch.bytes": Option("consumer", "max_partition_fetch_bytes", _BYTES),
    "fetch.message.max.bytes": Option("consumer", "max_partition_fetch_bytes", _BYTES),
    "max.poll.records": Option("consumer", "max_poll_records", _whole(1, 100_000)),
    "check.crcs": Option("consumer", "check_crcs", _flag),
    # A transaction is ended by Kafka after 30 s, and a request must be given up well before.
    "request.timeout.ms": Option("producer", "request_timeout_ms", _whole(1_000, 20_000)),
    "compression.type": Option("producer", "compression_type", _compression),
    "compression.codec": Option("producer", "compression_type", _compression),
}

_BY_TRANSACTION = "results, books and offsets are one transaction, and that needs it as it is"
_NO_TICKET_LOST = "a ticket could be lost or come twice"
_SIGN_IN = "is set by KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_… and KAFKA_SSL_…"

# A name that ends in a dot stands for all that begin so.
REFUSED: Mapping[str, str] = {
    "bootstrap.servers": "is set by KAFKA_BOOTSTRAP_SERVERS",
    "metadata.broker.list": "is set by KAFKA_BOOTSTRAP_SERVERS",
    "security.": _SIGN_IN,
    "sasl.": _SIGN_IN,
    "ssl.": _SIGN_IN,
    "group.id": "is TICKET_STREAMS_APP_ID",
    "group.instance.id": "is TICKET_STREAMS_GROUP_INSTANCE_ID",
    "session.timeout.ms": "is TICKET_STREAMS_SESSION_TIMEOUT, which other times follow",
    "heartbeat.interval.ms": "follows TICKET_STREAMS_SESSION_TIMEOUT",
    "max.poll.interval.ms": "is TICKET_STREAMS_STALL_LIMIT: under back-pressure nothing is polled",
    "acks": f"always all: {_BY_TRANSACTION}",
    "request.required.acks": f"always all: {_BY_TRANSACTION}",
    "enable.idempotence": f"always true: {_BY_TRANSACTION}",
    "transactional.id": f"is made of the partition: {_BY_TRANSACTION}",
    "transaction.timeout.ms": f"is fixed: {_BY_TRANSACTION}",
    "retries": f"no end: {_BY_TRANSACTION}",
    "message.send.max.retries": f"no end: {_BY_TRANSACTION}",
    "delivery.timeout.ms": f"is fixed: {_BY_TRANSACTION}",
    "message.timeout.ms": f"is fixed: {_BY_TRANSACTION}",
    "max.in.flight.requests.per.connection": f"is fixed: {_BY_TRANSACTION}",
    "max.in.flight": f"is fixed: {_BY_TRANSACTION}",
    "linger.ms": "group commit decides when records are sent: they fill a transaction, or go",
    "queue.buffering.max.ms": "group commit decides when records are sent",
    "batch.size": "is fixed: group commit makes batches of what is there",
    "partitioner": "is Java's default (murmur2): tickets of a key must stay together",
    "message.max.bytes": "is fixed: the largest ticket must fit, with its result",
    "max.request.size": "is fixed: the largest ticket must fit, with its result",
    "isolation.level": f"always read_committed: {_NO_TICKET_LOST}",
    "enable.auto.commit": f"always false: {_NO_TICKET_LOST}",
    "auto.commit.interval.ms": f"nothing is committed by itself: {_NO_TICKET_LOST}",
    "enable.auto.offset.store": f"nothing is committed by itself: {_NO_TICKET_LOST}",
    "auto.offset.reset": f"always earliest: {_NO_TICKET_LOST}",
    "partition.assignment.strategy": "is Faust's: its tables follow the partitions",
    "group.protocol": "is classic: the assignment is Faust's",
}
