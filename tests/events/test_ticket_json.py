"""What counts as a ticket in JSON, and how the trouble is told."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events.model import Ticket
from streams.events.schemas import TICKET
from streams.events.wire import UndecodableEvent, decode_ticket, encode_ticket
from tests.events.samples import texts

SECRET = "my card is 4929"


def trouble(value: bytes | None) -> tuple[str, str]:
    with pytest.raises(UndecodableEvent) as caught:
        decode_ticket(value)
    return caught.value.error_type, str(caught.value)


def ticket(**changes: Any) -> bytes:
    return json.dumps({"id": "1", "text": SECRET, **changes}).encode()


def test_only_id_and_text_are_needed() -> None:
    assert decode_ticket(b'{"id":"1","text":"a"}') == Ticket("1", "a")


def test_all_fields_are_read_and_unknown_ones_ignored() -> None:
    value = ticket(
        subject="s", customer_id="c", channel="web", created_at=5, tags=[1], other=float("nan")
    )
    assert decode_ticket(value) == Ticket("1", SECRET, "s", "c", "web", 5)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        pytest.param(b'\xef\xbb\xbf{"id":"1","text":"a"}', Ticket("1", "a"), id="byte order mark"),
        pytest.param(b' \r\n\t{"id":"1","text":"a"}\n', Ticket("1", "a"), id="white space"),
        pytest.param(b'{"id":17,"text":"a"}', Ticket("17", "a"), id="integer id"),
        pytest.param(b'{"id":-1,"text":""}', Ticket("-1", ""), id="empty text"),
        pytest.param(b'{"id":"1","text":"b","text":"a"}', Ticket("1", "a"), id="key given twice"),
        pytest.param(b'{"id":"1","text":"a\\u0000b"}', Ticket("1", "a\0b"), id="NUL"),
        pytest.param(b'{"id":"1","text":"a\\ud83d"}', Ticket("1", "a\ufffd"), id="lone surrogate"),
        pytest.param(b'{"id":"\\udc00","text":"a"}', Ticket("\ufffd", "a"), id="... in the id"),
        pytest.param(b'{"id":"1","text":"\\ud83d\\ude00"}', Ticket("1", "\U0001f600"), id="a pair"),
        pytest.param(b'{"id":"1","text":"a","subject":null}', Ticket("1", "a"), id="null"),
    ],
)
def test_unusual_tickets_are_read(value: bytes, read: Ticket) -> None:
    found = decode_ticket(value)
    assert found == read
    assert decode_ticket(encode_ticket(found)) == read


@pytest.mark.parametrize(
    ("value", "error_type", "says"),
    [
        pytest.param(None, "tombstone", "no value", id="tombstone"),
        pytest.param(b"", "not_json", "line 1, column 1", id="empty"),
        pytest.param(b'{"id":"1","text":"\xff"}', "not_utf8", "byte 18", id="latin-1"),
        pytest.param('{"id":"1"}'.encode("utf-16"), "not_utf8", "byte 0", id="utf-16"),
        pytest.param(b'{"id":"1","text":"my card', "not_json", "line 1, column 18", id="cut"),
        pytest.param(b"[" * 100_000, "not_json", "nested too deeply", id="nested"),
        pytest.param(b'{"id":' + b"9" * 5_000 + b"}", "not_json", "number", id="huge number"),
        pytest.param(b'{"id":"1","text":"a"} x', "not_json", "column 23", id="more after it"),
        pytest.param(b"[]", "not_json", "a list", id="list"),
        pytest.param(b"null", "not_json", "null", id="null"),
        pytest.param(b'"my card"', "not_json", "a string", id="string"),
        pytest.param(b'{"text":"my card"}', "not_a_ticket", "field id is missing", id="no id"),
        pytest.param(b'{"id":"1"}', "not_a_ticket", "field text is missing", id="no text"),
        pytest.param(ticket(id=True), "not_a_ticket", "field id is a boolean", id="boolean id"),
        pytest.param(ticket(id=1.0), "not_a_ticket", "field id is a number", id="float id"),
        pytest.param(ticket(id=None), "not_a_ticket", "field id is missing", id="null id"),
        pytest.param(ticket(text=[SECRET]), "not_a_ticket", "field text is a list", id="text list"),
        pytest.param(ticket(subject=5), "not_a_ticket", "field subject is a number", id="subject"),
        pytest.param(
            ticket(customer_id=7), "not_a_ticket", "field customer_id is a number", id="customer"
        ),
        pytest.param(
            ticket(channel={}), "not_a_ticket", "field channel is an object", id="channel"
        ),
        pytest.param(
            ticket(created_at=True), "not_a_ticket", "created_at is a boolean", id="time boolean"
        ),
        pytest.param(
            ticket(created_at=1.5), "not_a_ticket", "created_at is a number", id="time float"
        ),
        pytest.param(
            ticket(created_at=2**63), "not_a_ticket", "created_at is out of range", id="time huge"
        ),
        pytest.param(
            ticket(created_at="my card"), "not_a_ticket", "no ISO 8601 time", id="time text"
        ),
    ],
)
def test_what_is_no_ticket_is_named_without_its_text(
    value: bytes | None, error_type: str, says: str
) -> None:
    found, message = trouble(value)
    assert found == error_type
    assert says in message
    assert "card" not in message


@pytest.mark.parametrize(
    ("given_time", "milliseconds"),
    [
        ("1970-01-01T00:00:00.001Z", 1),
        ("1970-01-01T00:00:00.001", 1),
        ("1970-01-01 01:00:00+01:00", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("1970-01-02", 86_400_000),
        ("2026-11-21T10:00:01.123456+00:00", 1_795_255_201_123),
        ("0001-01-01T00:00:00+23:59", -62_135_683_140_000),
        ("9999-12-31T23:59:59-23:59", 253_402_387_139_000),
    ],
)
def test_iso_times_are_epoch_milliseconds(given_time: str, milliseconds: int) -> None:
    found = decode_ticket(ticket(created_at=given_time))
    assert found.created_at == milliseconds
    assert decode_ticket(encode_ticket(found)) == found


@given(st.datetimes(timezones=st.just(UTC) | st.timezones()))
def test_any_time_is_rounded_down_to_its_millisecond(time: datetime) -> None:
    found = decode_ticket(ticket(created_at=time.isoformat())).created_at
    assert found is not None
    rest = time - datetime(1970, 1, 1, tzinfo=UTC) - timedelta(milliseconds=found)
    assert timedelta(0) <= rest < timedelta(milliseconds=1)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
objects = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys([*TICKET.field_names, "other"], json_values),
)


@given(objects)
def test_any_object_is_a_ticket_that_can_be_written_or_is_refused(value: dict[str, Any]) -> None:
    with suppress(UndecodableEvent):
        found = decode_ticket(json.dumps(value).encode())
        assert decode_ticket(encode_ticket(found)) == found


@given(texts)
def test_text_arrives_as_it_was_written(text: str) -> None:
    for ascii_only in (True, False):
        value = json.dumps({"id": "1", "text": text}, ensure_ascii=ascii_only).encode()
        assert decode_ticket(value).text == text
