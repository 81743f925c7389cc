"""CloudEvents in and out, with the SDK of the CloudEvents project on the other side."""

from typing import Any

import pytest
from cloudevents.core.bindings.kafka import (
    KafkaMessage,
    from_binary_event,
    to_binary_event,
    to_structured_event,
)
from cloudevents.core.v1.event import CloudEvent

from streams.events.cloud_events import LONGEST_SUBJECT, unwrap, without, wrap
from streams.events.errors import UndecodableEvent
from streams.events.model import RoutedTicket, Source, Ticket
from streams.events.wire import encode_ticket
from tests.delivery.events import classification

DATA = {"id": "t1", "text": "hello"}


def event(data: Any = None) -> CloudEvent:
    attributes = {"id": "e1", "source": "/desk", "type": "opened", "traceparent": "00-1-2-03"}
    return CloudEvent(attributes, DATA if data is None else data)


def unwrapped(message: KafkaMessage) -> dict[str, Any]:
    return unwrap(message.value, list(message.headers.items()), {})


@pytest.mark.parametrize("write", [to_binary_event, to_structured_event])
def test_what_the_sdk_writes_is_read_in_both_modes(write: Any) -> None:
    found = unwrapped(write(event()))
    assert found["data"] == DATA
    assert (found["id"], found["source"], found["type"]) == ("e1", "/desk", "opened")
    assert found["traceparent"] == "00-1-2-03"
    assert isinstance(found["time"], int)


@pytest.mark.parametrize("write", [to_binary_event, to_structured_event])
def test_data_may_be_avro(write: Any) -> None:
    assert unwrapped(write(event(encode_ticket(Ticket("t1", "hello")))))["data"]["text"] == "hello"


@pytest.mark.parametrize(
    ("value", "headers", "problem"),
    [
        (b"{", [], "not JSON"),
        (b"[]", [], "a list and no object"),
        (b'{"specversion":"1.0","id":"1","type":"t","data":{}}', [], "no CloudEvent: see source"),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"t","time":"secret"}', [], "no Cloud"),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"t","data":[1]}', [], "is no object"),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"t"}', [], "is no object"),
        (b'{"specversion":"9","id":"1","source":"s","type":"t","data":{}}', [], "no CloudEvent"),
        (b"{}", [("ce_id", b"1"), ("ce_specversion", b"1.0")], "see source, type"),
        (b"{}", [("ce_id", b"\xff")], "no CloudEvent: UnicodeDecodeError"),
    ],
)
def test_what_is_no_cloud_event_is_told_without_its_text(
    value: bytes, headers: Any, problem: str
) -> None:
    with pytest.raises(UndecodableEvent, match=problem) as refused:
        unwrap(value, headers, {})
    assert "secret" not in str(refused.value)


def routed(ticket_id: str = "t1") -> RoutedTicket:
    return RoutedTicket(Ticket(ticket_id, "x"), classification(), Source("tickets", 3, 42))


def test_a_routed_ticket_is_a_cloud_event_that_the_sdk_reads() -> None:
    headers = wrap(routed(), "ticket-streams", "application/json")
    found = from_binary_event(KafkaMessage({n: v or b"" for n, v in headers}, None, b'{"a": 1}'))
    assert found.get_id() == "3:42"
    assert found.get_source() == "/ticket-streams/tickets"
    assert found.get_type() == "com.ticketstreams.RoutedTicket"
    assert found.get_subject() == "t1"
    assert found.get_datacontenttype() == "application/json"
    time = found.get_time()
    assert time is not None
    assert round(time.timestamp() * 1000) == classification().classified_at
    assert found.get_data() == {"a": 1}


@pytest.mark.parametrize("ticket_id", ["", "x" * (LONGEST_SUBJECT + 1)])
def test_an_id_that_is_no_subject_is_left_out(ticket_id: str) -> None:
    assert "ce_subject" not in dict(wrap(routed(ticket_id), "a", "application/json"))


def test_the_headers_of_the_event_that_came_go_and_its_extensions_stay() -> None:
    came = [("ce_id", b"1"), ("CE_Type", b"t"), ("Content-Type", b"x"), ("ce_traceparent", b"00")]
    assert without([*came, ("own", b"1")]) == [("ce_traceparent", b"00"), ("own", b"1")]
