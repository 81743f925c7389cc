"""From our dataclasses to the bytes of a topic."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal, Protocol

from streams.events.avro_values import frame
from streams.events.framing import CONFLUENT
from streams.events.model import (
    CallRecord,
    Classification,
    Done,
    RoutedTicket,
    SkippedEvents,
    Ticket,
)
from streams.events.schemas import CALL, DONE, ROUTED, SKIPPED, TICKET

Format = Literal["avro", "json"]

RESULT = "com.ticketstreams.Classification"
"""The record of a result in the schema of done rows."""

_dump = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=False
).encode


class RoutedEncoder(Protocol):
    """Writes the value of a category topic."""

    def encode(self, routed: RoutedTicket) -> bytes:
        """The value's bytes."""


class AvroEncoder:
    """Avro after ``marker``: by default our fingerprint, for single-object encoding."""

    def __init__(self, marker: bytes = ROUTED.marker) -> None:
        self._marker = marker

    def encode(self, routed: RoutedTicket) -> bytes:
        """The value's bytes."""
        return frame(self._marker, ROUTED.plain, routed_fields(routed))


class JsonEncoder:
    """A JSON object with the schema's field names; times are epoch milliseconds."""

    def encode(self, routed: RoutedTicket) -> bytes:
        """The value's bytes, UTF-8."""
        return _dump(routed_fields(routed)).encode()


def confluent_encoder(schema_id: int) -> AvroEncoder:
    """Confluent's format, for the id that the registry gave our schema of routed tickets."""
    return AvroEncoder(CONFLUENT + schema_id.to_bytes(4, "big"))


class EncoderByCategory:
    """An encoder for each category: for a registry that has one schema under several ids."""

    def __init__(self, encoders: Mapping[str, RoutedEncoder]) -> None:
        self._encoders = encoders

    def encode(self, routed: RoutedTicket) -> bytes:
        """The value's bytes."""
        return self._encoders[routed.classification.category].encode(routed)


ENCODERS: Mapping[Format, RoutedEncoder] = {"avro": AvroEncoder(), "json": JsonEncoder()}


def encode_routed(routed: RoutedTicket, fmt: Format) -> bytes:
    """The value of a category topic; ``avro`` is single-object encoding."""
    return ENCODERS[fmt].encode(routed)


def encode_ticket(ticket: Ticket, fmt: Format = "avro") -> bytes:
    """The value of the input topic; ``avro`` is single-object encoding."""
    fields = _ticket_fields(ticket)
    if fmt == "json":
        return _dump({name: value for name, value in fields.items() if value is not None}).encode()
    return frame(TICKET.marker, TICKET.plain, fields)


def encode_call(call: CallRecord, fmt: Format = "avro") -> bytes:
    """The value of the calls topic; ``avro`` is single-object encoding."""
    if fmt == "json":
        return _dump(call_fields(call)).encode()
    return frame(CALL.marker, CALL.plain, call_fields(call))


def encode_done(done: Done) -> bytes:
    """The value of the done topic, in single-object encoding."""
    return frame(DONE.marker, DONE.plain, done_fields(done))


def encode_skipped(skipped: SkippedEvents) -> bytes:
    """The value of the skipped topic, in single-object encoding."""
    return frame(SKIPPED.marker, SKIPPED.plain, asdict(skipped))


# The dictionaries below are written out because dataclasses.asdict takes ten times as long.


def routed_fields(routed: RoutedTicket) -> dict[str, Any]:
    """Ticket, result and source as one flat object."""
    source, result = routed.source, _result_fields(routed.classification)
    books_value = result.pop("books_value")  # later than the source: the schema grows at its end
    return {
        **_ticket_fields(routed.ticket),
        **result,
        "source_topic": source.topic,
        "source_partition": source.partition,
        "source_offset": source.offset,
        "books_value": books_value,
    }


def call_fields(call: CallRecord) -> dict[str, Any]:
    """A call record as its schema has it."""
    return {
        "call_id": call.call_id,
        "started_at": call.started_at,
        "ended_at": call.ended_at,
        "tier": call.tier,
        "requested_model": call.requested_model,
        "model": call.model,
        "prompt_version": call.prompt_version,
        "attempt": call.attempt,
        "outcome": call.outcome,
        "status": call.status,
        "request_id": call.request_id,
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "cache_write_5m_tokens": call.cache_write_5m_tokens,
        "cache_write_1h_tokens": call.cache_write_1h_tokens,
        "cache_read_tokens": call.cache_read_tokens,
        "cost_picodollars": call.cost_picodollars,
        "unsettled_picodollars": call.unsettled_picodollars,
        "source_topic": call.source_topic,
        "source_partition": call.source_partition,
        "shares": [
            {
                "source_offset": share.source_offset,
                "category": share.category,
                "input_tokens": share.input_tokens,
                "output_tokens": share.output_tokens,
                "cost_picodollars": share.cost_picodollars,
                "outcome": share.outcome,
                "confidence": share.confidence,
                "books_value": share.books_value,
            }
            for share in call.shares
        ],
        "requests_limit": call.requests_limit,
        "input_tokens_limit": call.input_tokens_limit,
        "output_tokens_limit": call.output_tokens_limit,
    }


def done_fields(done: Done) -> dict[str, Any]:
    """A done record as its schema has it."""
    return {
        "source_offset": done.source_offset,
        "released": done.released,
        # With the branch of the union: else fastavro tries the fields on it one by one.
        "result": None if done.result is None else (RESULT, _result_fields(done.result)),
        "ask_again": done.ask_again,
    }


def _ticket_fields(ticket: Ticket) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "text": ticket.text,
        "subject": ticket.subject,
        "customer_id": ticket.customer_id,
        "channel": ticket.channel,
        "created_at": ticket.created_at,
    }


def _result_fields(result: Classification) -> dict[str, Any]:
    return {
        "category": result.category,
        "confidence": result.confidence,
        "tier": result.tier,
        "model": result.model,
        "reason": result.reason,
        "input_tokens": result.input_tokens,
        "output_tokens": result.output_tokens,
        "cost_picodollars": result.cost_picodollars,
        "call_id": result.call_id,
        "prompt_version": result.prompt_version,
        "classified_at": result.classified_at,
        "books_value": result.books_value,
    }
