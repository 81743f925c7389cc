"""Names of the headers of dead letters and routed tickets; their values are UTF-8 text."""

# KIP-1034's names, as Kafka Streams writes them and tools read them.
SOURCE_TOPIC = "__streams.errors.topic"
SOURCE_PARTITION = "__streams.errors.partition"
SOURCE_OFFSET = "__streams.errors.offset"
EXCEPTION = "__streams.errors.exception"
MESSAGE = "__streams.errors.message"
# Ours.
ERROR_TYPE = "ticket-streams.error.type"
STAGE = "ticket-streams.error.stage"
ATTEMPT = "ticket-streams.attempt"
COST = "ticket-streams.cost_picodollars"
AT = "ticket-streams.at"
SOURCE_TIMESTAMP = "ticket-streams.source.timestamp"
# On routed tickets, with topic, partition or offset behind it.
ROUTED_SOURCE = "ticket-streams.source."
DEAD_LETTER_SOURCE = "__streams.errors."
