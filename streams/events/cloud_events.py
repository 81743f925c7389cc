"""CloudEvents in Kafka, by their own SDK: events that come as one, and routed tickets as one.

Binary mode has the attributes in ``ce_`` headers and the data as the value; structured mode has
both in the value, as JSON.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import CE_PREFIX, KafkaMessage, from_kafka, to_binary_event
from cloudevents.core.exceptions import BaseCloudEventException, CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from streams.events.avro_values import SchemaLookup
from streams.events.errors import UndecodableEvent
from streams.events.foreign import as_json, decode_object
from streams.events.json_values import read_object
from streams.events.model import RoutedTicket
from streams.events.schemas import ROUTED

Headers = Sequence[tuple[str, bytes | None]]

ATTRIBUTES = frozenset(
    ("specversion", "id", "source", "type", "time", "subject", "datacontenttype", "dataschema")
)
"""Those of the specification; the others are extensions, such as ``traceparent``."""
OWN_HEADERS = frozenset((*(CE_PREFIX + name for name in ATTRIBUTES), "content-type"))
"""Headers that say what the value is: a routed ticket's value is another one."""

LONGEST_SUBJECT = 1_024
"""Characters. A longer ticket id is no subject: headers have no room without end."""


class _Data(JSONFormat):
    """Binary mode: the value as it is, which may be Avro."""

    def read_data(self, body: bytes, datacontenttype: str | None) -> bytes:
        del datacontenttype
        return body


def unwrap(value: bytes | None, headers: Headers, schemas: SchemaLookup) -> dict[str, Any]:
    """A CloudEvent as structured mode has it: its attributes, and its data, an object, as ``data``.

    Raises UndecodableEvent, SchemaNeeded.
    """
    if value is None:
        raise UndecodableEvent("tombstone", "the event has no value")
    given = {name: content or b"" for name, content in headers}
    if not any(name.lower().startswith(CE_PREFIX) for name in given):
        read_object(value)  # which tells what is wrong with it
    try:
        event = from_kafka(KafkaMessage(given, None, value), _Data())
    except CloudEventValidationError as error:
        names = ", ".join(sorted(ATTRIBUTES & error.errors.keys())) or "an extension"
        raise UndecodableEvent("not_a_ticket", f"no CloudEvent: see {names}") from None
    except (BaseCloudEventException, ValueError, TypeError, AttributeError, KeyError) as error:
        kind = type(error).__name__  # the message may quote the event
        raise UndecodableEvent("not_a_ticket", f"no CloudEvent: {kind}") from None
    attributes: dict[str, Any] = as_json(event.get_attributes())
    return {**attributes, "data": _object(event, schemas, headers)}


def _object(event: BaseCloudEvent, schemas: SchemaLookup, headers: Headers) -> dict[str, Any]:
    data = event.get_data()
    if isinstance(data, str):  # JSON that says it is something else
        data = data.encode("utf-8", "replace")
    if isinstance(data, bytes):
        return decode_object(data, schemas, headers)
    if not isinstance(data, dict):
        raise UndecodableEvent("not_a_ticket", "the CloudEvent's data is no object")
    return data


def without(headers: Headers) -> list[tuple[str, bytes | None]]:
    """``headers`` without those of the event that came: extensions stay."""
    return [header for header in headers if header[0].lower() not in OWN_HEADERS]


def wrap(routed: RoutedTicket, app_id: str, content_type: str) -> list[tuple[str, bytes | None]]:
    """The headers of a routed ticket as a CloudEvent in binary mode.

    ``source`` is ``/<app id>/<input topic>`` and ``id`` ``<partition>:<offset>``: the same ticket
    has the same, however often it is read.
    """
    source, result, subject = routed.source, routed.classification, routed.ticket.id
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{source.partition}:{source.offset}",
        "source": f"/{app_id}/{source.topic}",
        "type": ROUTED.name,
        "time": datetime.fromtimestamp(result.classified_at / 1000, UTC),
        "datacontenttype": content_type,
    }
    if 0 < len(subject) <= LONGEST_SUBJECT:
        attributes["subject"] = subject
    return list(to_binary_event(CloudEvent(attributes, b"")).headers.items())
