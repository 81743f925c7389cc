"""Names of the headers of dead letters, routed tickets and redriven events.

Values are UTF-8 text, but Spring's numbers are big-endian binary.
"""

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
# Others' families: Kafka Connect's DeadLetterQueueReporter, Spring's DeadLetterPublishingRecoverer.
CONNECT = "__connect.errors."
SPRING = "kafka_dlt-"
SPRING_RETRY = "retry_topic-"
# On events that were taken out of a dead-letter topic and tried again.
REDRIVE = "ticket-streams.redrive."
REDRIVE_COUNT = REDRIVE + "count"
REDRIVE_LETTER = REDRIVE + "letter"
REDRIVE_EVENT = REDRIVE + "event"
REDRIVE_TIMESTAMP = REDRIVE + "timestamp"
# On routed tickets and dead letters: the app id of the installation, for topics that several share.
APP = "ticket-streams.app"
# On what a replay sends: the name of its run.
RUN = "ticket-streams.run"
# Confluent's: the schema of the value, where that does not begin with its id.
VALUE_SCHEMA_ID = "__value_schema_id"
# In single-topic mode, on routed tickets.
CATEGORY = "ticket-streams.category"
