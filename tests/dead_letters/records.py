"""Dead letters as others write them."""

from aiokafka import ConsumerRecord

from streams.events import headers as names

Headers = list[tuple[str, bytes | None]]

NOW = 1_790_000_000_000

KAFKA_STREAMS: Headers = [
    ("__streams.errors.exception", b"org.apache.kafka.common.errors.SerializationException"),
    ("__streams.errors.stacktrace", b"at ..."),
    ("__streams.errors.message", b"no magic byte"),
    ("__streams.errors.topic", b"orders"),
    ("__streams.errors.partition", b"3"),
    ("__streams.errors.offset", b"1042"),
]
CONNECT: Headers = [
    ("__connect.errors.topic", b"orders"),
    ("__connect.errors.partition", b"3"),
    ("__connect.errors.offset", b"1042"),
    ("__connect.errors.connector.name", b"sink"),
    ("__connect.errors.task.id", b"0"),
    ("__connect.errors.stage", b"VALUE_CONVERTER"),
    ("__connect.errors.class.name", b"org.apache.kafka.connect.json.JsonConverter"),
    ("__connect.errors.exception.class.name", b"org.apache.kafka.connect.errors.DataException"),
    ("__connect.errors.exception.message", b"no magic byte"),
    ("__connect.errors.exception.stacktrace", b"at ..."),
]
SPRING: Headers = [
    ("kafka_dlt-original-topic", b"orders"),
    ("kafka_dlt-original-partition", (3).to_bytes(4, "big")),
    ("kafka_dlt-original-offset", (1042).to_bytes(8, "big")),
    ("kafka_dlt-original-timestamp", (NOW - 60_000).to_bytes(8, "big")),
    ("kafka_dlt-original-timestamp-type", b"CreateTime"),
    ("kafka_dlt-original-consumer-group", b"orders-service"),
    ("kafka_dlt-exception-fqcn", b"org.springframework.kafka.listener.ListenerExecutionFailed"),
    ("kafka_dlt-exception-message", b"no magic byte"),
    ("kafka_dlt-exception-stacktrace", b"at ..."),
]
OURS: Headers = [
    (names.SOURCE_TOPIC, b"orders"),
    (names.SOURCE_PARTITION, b"3"),
    (names.SOURCE_OFFSET, b"1042"),
    (names.EXCEPTION, b"not_json"),
    (names.MESSAGE, b"no magic byte"),
    (names.ERROR_TYPE, b"not_json"),
    (names.STAGE, b"decode"),
    (names.ATTEMPT, b"0"),
    (names.COST, b"0"),
    (names.AT, str(NOW - 1_000).encode()),
    (names.SOURCE_TIMESTAMP, str(NOW - 60_000).encode()),
]


def record(
    headers: Headers,
    *,
    key: bytes | None = b"customer-1",
    value: bytes | None = b"{",
    partition: int = 0,
    offset: int = 7,
) -> ConsumerRecord:
    where = ("orders.dead-letter", partition, offset)
    return ConsumerRecord(*where, NOW, 0, key, value, None, 0, 0, tuple(headers))
