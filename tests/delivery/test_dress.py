from streams.delivery.dress import dress_of
from streams.delivery.records import undressed
from streams.events.model import RoutedTicket, Source, Ticket
from streams.settings import load_settings
from tests.delivery.events import classification

ROUTED = RoutedTicket(Ticket("t1", "x"), classification(), Source("tickets", 3, 42))
CAME = [("ce_id", b"e1"), ("content-type", b"application/cloudevents+json"), ("own", b"1")]


def test_headers_stay_as_they_came() -> None:
    assert dress_of(load_settings()) is undressed
    assert undressed(CAME, ROUTED) is CAME


def test_what_a_cloud_event_said_of_its_value_is_not_said_of_the_routed_ticket() -> None:
    assert dress_of(load_settings(mapping="cloudevents"))(CAME, ROUTED) == [("own", b"1")]


def test_a_routed_ticket_is_a_cloud_event_where_that_is_asked_for() -> None:
    settings = load_settings(output_envelope="cloudevents", output_format="json", app_id="desk")
    headers = dress_of(settings)(CAME, ROUTED)
    assert [name for name, _ in headers].count("ce_id") == 1
    found = dict(headers)
    assert found["ce_id"] == b"3:42"
    assert found["ce_source"] == b"/desk/tickets"
    assert found["content-type"] == b"application/json"
    assert found["own"] == b"1"
    avro = load_settings(output_envelope="cloudevents")
    assert dict(dress_of(avro)(CAME, ROUTED))["content-type"] == b"application/avro"
