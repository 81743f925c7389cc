"""Round trips, and bytes that are no event."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.events.encode import call_fields, done_fields, routed_fields
from streams.events.model import (
    CallRecord,
    Done,
    RoutedTicket,
    Share,
    SkippedEvents,
    SkippedRun,
    Ticket,
)
from streams.events.schemas import CALL, DONE, ROUTED, SKIPPED, TICKET
from streams.events.wire import (
    Format,
    SchemaNeeded,
    UndecodableEvent,
    confluent_encoder,
    decode_call,
    decode_done,
    decode_routed,
    decode_skipped,
    decode_ticket,
    encode_call,
    encode_done,
    encode_routed,
    encode_skipped,
    encode_ticket,
    writer_schema,
)
from tests.events.samples import calls, dones, routed_tickets, tickets

FORMATS: list[Format] = ["avro", "json"]
A_CALL = CallRecord(
    *("c", 1, 2, "first", "m", "m", "v", 1, "ok", 200, None),
    *(1, 1, 0, 0, 0, 600_000, 0, "tickets", 0, (Share(0, "billing", 1, 1, 600_000),)),
)
DECODERS = [decode_ticket, decode_routed, decode_call, decode_done, decode_skipped]


@pytest.mark.parametrize("fmt", FORMATS)
@given(tickets)
def test_a_ticket_survives_the_round_trip(fmt: Format, ticket: Ticket) -> None:
    assert decode_ticket(encode_ticket(ticket, fmt)) == ticket


@given(tickets)
def test_a_ticket_of_a_registry_survives_the_round_trip(ticket: Ticket) -> None:
    value = b"\0\0\0\0\x07" + encode_ticket(ticket)[10:]
    assert decode_ticket(value, {7: writer_schema(TICKET.text)}) == ticket


@pytest.mark.parametrize("fmt", FORMATS)
@given(routed_tickets)
def test_a_routed_ticket_survives_the_round_trip(fmt: Format, routed: RoutedTicket) -> None:
    assert decode_routed(encode_routed(routed, fmt)) == routed


@pytest.mark.parametrize("fmt", FORMATS)
@given(calls)
def test_a_call_survives_the_round_trip(fmt: Format, call: CallRecord) -> None:
    assert decode_call(encode_call(call, fmt)) == call


@given(calls)
def test_money_in_a_json_call_is_whole_numbers(call: CallRecord) -> None:
    found = json.loads(encode_call(call, "json"))
    assert type(found["cost_picodollars"]) is int
    assert found["cost_picodollars"] == call.cost_picodollars
    assert tuple(found) == CALL.field_names


@given(calls)
def test_a_json_call_without_fields_that_came_later_has_their_defaults(call: CallRecord) -> None:
    fields = json.loads(encode_call(call, "json"))
    del fields["output_tokens_limit"]
    for share in fields["shares"]:
        del share["books_value"]
    found = decode_call(json.dumps(fields).encode())
    assert found.output_tokens_limit is None
    assert [share.books_value for share in found.shares] == [""] * len(call.shares)
    assert found.cost_picodollars == call.cost_picodollars


@pytest.mark.parametrize("wrong", [{"shares": [1]}, {"cost_picodollars": 1.5}, {"shares": {}}])
def test_a_json_call_with_a_wrong_field_is_refused(wrong: dict[str, Any]) -> None:
    fields = {**json.loads(encode_call(A_CALL, "json")), **wrong}
    with pytest.raises(UndecodableEvent, match=r"com\.ticketstreams\.Call"):
        decode_call(json.dumps(fields).encode())


def test_a_skipped_row_survives_the_round_trip() -> None:
    runs = (SkippedRun(1, 4, "filtered"), SkippedRun(6, 6, "tombstone"))
    row = SkippedEvents("tickets", 3, 1_795_251_600_000, runs)
    assert decode_skipped(encode_skipped(row)) == row


@given(dones)
def test_a_done_row_survives_the_round_trip(done: Done) -> None:
    assert decode_done(encode_done(done)) == done


@given(routed_tickets)
def test_json_has_the_fields_of_the_schema_and_whole_milliseconds(routed: RoutedTicket) -> None:
    found = json.loads(encode_routed(routed, "json"))
    assert tuple(found) == ROUTED.field_names
    assert found["classified_at"] == routed.classification.classified_at


@given(routed_tickets, calls, dones)
def test_the_encoders_write_every_field_of_the_schemas(
    routed: RoutedTicket, call: CallRecord, done: Done
) -> None:
    # A field with a default would be left out without a word.
    assert tuple(routed_fields(routed)) == ROUTED.field_names
    assert tuple(call_fields(call)) == CALL.field_names
    assert tuple(done_fields(done)) == DONE.field_names


@given(routed_tickets)
def test_confluents_format_differs_only_in_its_first_bytes(routed: RoutedTicket) -> None:
    value = confluent_encoder(258).encode(routed)
    assert value[:5] == b"\0\0\0\x01\x02"
    assert value[5:] == encode_routed(routed, "avro")[10:]


def test_a_single_object_begins_with_its_fingerprint() -> None:
    value = encode_ticket(Ticket("1", "a"))
    assert value[:10] == TICKET.marker
    assert value[:2] == b"\xc3\x01"


starts = st.sampled_from([b"", b"\0", b"{", b"[", b"\xc3\x01", b"\xef\xbb\xbf"]) | st.sampled_from(
    [schema.marker for schema in (TICKET, ROUTED, CALL, DONE, SKIPPED)]
)


@pytest.mark.parametrize("decode", DECODERS)
@given(starts, st.binary())
@example(b"", b"[" * 100_000)
@example(b"", b'{"a":' * 100_000)
@example(b"", b"9" * 5_000)
def test_any_bytes_are_an_event_or_a_named_trouble(
    decode: Callable[[bytes], Any], start: bytes, rest: bytes
) -> None:
    with suppress(UndecodableEvent, SchemaNeeded):
        decode(start + rest)


@pytest.mark.parametrize("fmt", FORMATS)
@given(tickets, st.data())
def test_damaged_tickets_are_tickets_or_a_named_trouble(
    fmt: Format, ticket: Ticket, data: st.DataObject
) -> None:
    value = bytearray(encode_ticket(ticket, fmt))
    value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(value)))
    with suppress(UndecodableEvent, SchemaNeeded):
        decode_ticket(bytes(value[:end]))


@pytest.mark.parametrize("fmt", FORMATS)
@given(calls, st.integers(1, 40))
def test_a_shortened_call_is_never_another_call(fmt: Format, call: CallRecord, cut: int) -> None:
    with pytest.raises(UndecodableEvent):
        decode_call(encode_call(call, fmt)[:-cut])


@given(tickets, st.binary(min_size=1))
def test_bytes_after_the_ticket_are_refused(ticket: Ticket, more: bytes) -> None:
    with pytest.raises(UndecodableEvent) as caught:
        decode_ticket(encode_ticket(ticket) + more)
    assert caught.value.error_type == "bad_avro"


def test_a_routed_ticket_with_a_wrong_field_is_refused() -> None:
    with pytest.raises(UndecodableEvent) as caught:
        decode_routed(b'{"id": "1", "text": "a", "category": 5}')
    assert caught.value.error_type == "not_a_ticket"
