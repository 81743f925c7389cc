"""Names of subjects in a schema registry, by Confluent's three strategies."""

from typing import Literal

Strategy = Literal["TopicName", "RecordName", "TopicRecordName"]
"""As Confluent calls them, without the ``Strategy`` behind."""


def subject_of(topic: str, record: str, strategy: Strategy) -> str:
    """The subject of values of ``topic`` that are Avro records of the full name ``record``."""
    match strategy:
        case "TopicName":
            return f"{topic}-value"
        case "RecordName":
            return record
        case "TopicRecordName":
            return f"{topic}-{record}"
