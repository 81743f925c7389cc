"""The brokers' quotas that hold for our clients: what Kafka slows down beyond them, and when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import ClusterAuthorizationFailedError, for_code
from aiokafka.protocol.admin import DescribeClientQuotasRequest

from streams.audit.topic_admin import ask
from streams.delivery.client_options import client_options
from streams.doctor.finding import Finding
from streams.settings import Settings

ANONYMOUS = "ANONYMOUS"
"""Kafka's name for who does not sign in."""
DEFAULT = None
"""The name of an entity that stands for all that have no quota of their own."""

# Kafka's documentation, "Quotas": the first two are of each broker.
UNITS = {
    "producer_byte_rate": "bytes a second to each broker",
    "consumer_byte_rate": "bytes a second from each broker",
    "request_percentage": "% of a broker's thread",
    "controller_mutation_rate": "partitions a second made or deleted",
}


@dataclass(frozen=True, slots=True)
class Quota:
    """``entity`` has names by type, ``user`` and ``client-id``; DEFAULT for all of the type."""

    entity: Mapping[str, str | None]
    name: str
    value: float

    def __str__(self) -> str:
        of = (f"{kind} {name or '(default)'}" for kind, name in sorted(self.entity.items()))
        return (
            f"{self.name} of {', '.join(of)}: {self.value:,.15g} {UNITS.get(self.name, '')}".strip()
        )


async def read_quotas(admin: AIOKafkaAdminClient) -> list[Quota] | None:
    """All of the cluster; None where they may not be read, or Kafka is too old to tell (before
    2.6). Raises KafkaError."""
    try:
        answer = await ask(admin, DescribeClientQuotasRequest([], False))
    except NotImplementedError:
        return None
    if answer.error_code == ClusterAuthorizationFailedError.errno:
        return None
    if answer.error_code:
        raise for_code(answer.error_code)(answer.error_message)
    return [
        Quota(dict(entity), name, value)
        for entity, values in answer.entries or ()
        for name, value in values
    ]


def check_quotas(settings: Settings, quotas: Iterable[Quota] | None) -> list[Finding]:
    """Names those that hold for the workers. Pure."""
    if quotas is None:
        what = "whether Kafka slows us down by quotas cannot be read"
        tip = "grant DescribeConfigs on the cluster to look at it"
        return [Finding("quotas", "note", what, tip)]
    options = client_options(settings.kafka_client)
    client = options.producer.get("client_id", settings.app_id)
    tip = "ticket_streams_kafka_throttled_seconds_total tells whether it is reached"
    return [
        Finding("quotas", "ok", str(quota), tip)
        for quota in applying(quotas, user_of(settings), client)
    ]


def user_of(settings: Settings) -> str | None:
    """As Kafka knows us; None where that is in a token or a certificate."""
    if settings.security_protocol.startswith("SASL_"):
        return settings.sasl_username
    return None if settings.ssl_certificate_location else ANONYMOUS


def applying(quotas: Iterable[Quota], user: str | None, client: str) -> list[Quota]:
    """Of each name the one that counts, which is the most specific, as Kafka has it. Of a ``user``
    that is not known only the quotas of every user can be told."""
    ranked = [
        (rank, quota)
        for quota in quotas
        if quota.entity.keys() <= {"user", "client-id"}
        and None not in (rank := (_rank(quota, "user", user), _rank(quota, "client-id", client)))
    ]
    found: dict[str, Quota] = {}
    for _, quota in sorted(ranked, key=lambda entry: entry[0]):
        found.setdefault(quota.name, quota)
    return [quota for _, quota in sorted(found.items())]


def _rank(quota: Quota, kind: str, ours: str | None) -> int | None:
    """0: ours by name, 1: of all by default, 2: not about that; None: somebody else's."""
    if kind not in quota.entity:
        return 2
    name = quota.entity[kind]
    if name is DEFAULT:
        return 1
    return 0 if name == ours else None
