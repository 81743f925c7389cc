"""The wire formats: bytes to events and back. Everything a caller needs is named here.

A value's first bytes tell its format:

========  ==============================================================================
00        Confluent's: the schema's id in a registry (4 bytes, big-endian), then Avro
C3 01     Avro single-object encoding: the schema's fingerprint (8 bytes), then Avro
others    JSON, in UTF-8; a byte order mark and white space may come first
========  ==============================================================================

Tickets are read in all three, and with their schema in a header (streams.events.framing). Routed
tickets are written in single-object encoding or JSON, or in Confluent's format where there is a
registry (streams.events.output_schema); calls in single-object encoding or JSON; done and skipped
rows in single-object encoding.
"""

from streams.events.avro_values import SchemaLookup, WriterSchema, writer_schema
from streams.events.decode import (
    decode_call,
    decode_done,
    decode_routed,
    decode_skipped,
    decode_ticket,
)
from streams.events.encode import (
    ENCODERS,
    AvroEncoder,
    Format,
    JsonEncoder,
    RoutedEncoder,
    confluent_encoder,
    encode_call,
    encode_done,
    encode_routed,
    encode_skipped,
    encode_ticket,
)
from streams.events.errors import ErrorType, SchemaNeeded, UndecodableEvent

__all__ = [
    "ENCODERS",
    "AvroEncoder",
    "ErrorType",
    "Format",
    "JsonEncoder",
    "RoutedEncoder",
    "SchemaLookup",
    "SchemaNeeded",
    "UndecodableEvent",
    "WriterSchema",
    "confluent_encoder",
    "decode_call",
    "decode_done",
    "decode_routed",
    "decode_skipped",
    "decode_ticket",
    "encode_call",
    "encode_done",
    "encode_routed",
    "encode_skipped",
    "encode_ticket",
    "writer_schema",
]
