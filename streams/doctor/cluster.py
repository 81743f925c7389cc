"""The brokers: what they are, and what of their configuration concerns us."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.protocol.admin import ApiVersionRequest

from streams.audit.topic_admin import ask
from streams.delivery.transaction import TRANSACTION_TIMEOUT_MS
from streams.doctor.finding import Finding
from streams.doctor.topic_needs import SAFE_COPIES
from streams.settings import Settings, variable

METADATA = 3
TOPIC_IDS = 10
"""Version of the metadata from which on it has the ids of topics."""
# A broker does not tell its version; the newest metadata that it speaks dates it. Apache Kafka,
# MetadataRequest.json.
_SINCE = ((13, "4.0"), (12, "3.1"), (11, "3.0"), (TOPIC_IDS, "2.8"))

OPTIONS = (
    "auto.create.topics.enable",
    "group.min.session.timeout.ms",
    "group.max.session.timeout.ms",
    "transaction.max.timeout.ms",
    "offsets.retention.minutes",
)
MINUTES_A_DAY = 1440
LEAST_OFFSETS_DAYS = 2


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What a cluster is. ``config`` is one broker's, empty where it may not be read."""

    brokers: int
    metadata_version: int = 13
    config: Mapping[str, str] = field(default_factory=dict)

    @property
    def age(self) -> str:
        """For people: which Kafka it is at least."""
        for version, kafka in _SINCE:
            if self.metadata_version >= version:
                return f"Kafka {kafka} or newer"
        return "older than Kafka 2.8"


async def read_cluster(admin: AIOKafkaAdminClient) -> ClusterFacts:
    """The facts. Raises KafkaError."""
    described = await admin.describe_cluster()
    node = described["brokers"][0]["node_id"]
    # aiokafka sends it at every connection, and keeps what it needs only.
    spoken = await ask(admin, ApiVersionRequest(), node)
    asked = ConfigResource(ConfigResourceType.BROKER, str(node), dict.fromkeys(OPTIONS, ""))
    [answer] = await admin.describe_configs([asked])
    return ClusterFacts(
        len(described["brokers"]),
        max((last for key, _, last in spoken.api_versions if key == METADATA), default=0),
        {name: value for name, value, *_ in answer.resources[0][4] if value is not None},
    )


def check_cluster(settings: Settings, cluster: ClusterFacts) -> list[Finding]:
    """What the brokers are, and what of it does not suit us. Pure."""
    many = "one broker" if cluster.brokers == 1 else f"{cluster.brokers} brokers"
    said = f"{settings.kafka} answers: {many}, {cluster.age}"
    size = Finding("kafka", "ok", said)
    if cluster.brokers < SAFE_COPIES:
        tip = "what is lost with a broker is lost; three survive one's death"
        size = Finding("kafka", "warn", said, tip)
    return [size, *_versions(cluster), *_options(settings, cluster.config)]


def _versions(cluster: ClusterFacts) -> Iterator[Finding]:
    if cluster.metadata_version < TOPIC_IDS:
        what = "it is too old to tell topics by an id: one that is made again goes unnoticed"
        yield Finding("kafka", "warn", what, "use Kafka 2.8 or newer")


def _options(settings: Settings, config: Mapping[str, str]) -> Iterator[Finding]:
    if not config:
        what = "the brokers' configuration cannot be read"
        yield Finding("kafka", "note", what, "grant DescribeConfigs on the cluster to look at it")
        return
    if config.get("auto.create.topics.enable") == "true":
        what = "auto.create.topics.enable is true: a misspelt topic looks like an empty one"
        yield Finding("kafka", "warn", what, "set it to false on the brokers")
    session = settings.session_timeout * 1000
    least, most = (config.get(f"group.{end}.session.timeout.ms") for end in ("min", "max"))
    if least and most and not int(least) <= session <= int(most):
        what = f"{session:g} ms is not from {least} to {most}, as the brokers allow"
        yield Finding(
            "kafka", "wrong", f"{variable('session_timeout')}: {what}", "no worker can join"
        )
    longest = config.get("transaction.max.timeout.ms")
    if longest and int(longest) < TRANSACTION_TIMEOUT_MS:
        what = f"transaction.max.timeout.ms is {longest}: no worker can begin a transaction"
        yield Finding("kafka", "wrong", what, f"{TRANSACTION_TIMEOUT_MS} at least, on the brokers")
    kept = config.get("offsets.retention.minutes")
    if kept and int(kept) < LEAST_OFFSETS_DAYS * MINUTES_A_DAY:
        what = (
            f"offsets.retention.minutes is {kept}: dashboards that watch the lag lose it in a stop"
        )
        yield Finding("kafka", "warn", what, "set it to a week on the brokers")
