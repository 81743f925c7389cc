"""What can be wrong with an event's bytes."""

from typing import Literal
from uuid import UUID

ErrorType = Literal[
    "tombstone",
    "not_utf8",
    "not_json",
    "not_a_ticket",
    "unknown_fingerprint",
    "unknown_schema",
    "bad_avro",
    "too_large",
]
"""Why an event cannot be read. ``unknown_schema`` is for whoever asks the registry: it has no such
schema, or one that no ticket can be read with."""


class UndecodableEvent(Exception):  # noqa: N818  a fault of the data
    """The event is itself the trouble, and stays so however often it is read.

    The message says what is wrong and where, and holds nothing of the event's own text.
    """

    def __init__(self, error_type: ErrorType, message: str) -> None:
        super().__init__(message)
        self.error_type: ErrorType = error_type


class SchemaNeeded(Exception):  # noqa: N818  a question, not a fault
    """The event is in Confluent's format: get this schema from the registry, then read it again."""

    def __init__(self, schema_id: int | UUID) -> None:
        super().__init__(f"schema {schema_id} of the registry is needed")
        self.schema_id = schema_id
