"""From the bytes of an event to its ticket, or to the finding that it is none to be classified."""

from typing import Any

from streams.events.avro_values import SchemaLookup
from streams.events.cloud_events import unwrap
from streams.events.errors import UndecodableEvent
from streams.events.foreign import decode_object
from streams.events.framing import Headers
from streams.events.json_values import scalar, ticket_of
from streams.events.model import SkipReason, Ticket
from streams.events.registry import Read, read_ticket
from streams.mapping.expressions import Expression, FailedError
from streams.mapping.fields import TICKET_FIELDS, FieldMapping


def reader_of(mapping: FieldMapping | None, filter_text: str | None) -> Read:
    """For the settings ``mapping`` and ``filter``; without both nothing is looked up at all."""
    if mapping is None and filter_text is None:
        return read_ticket
    return EventReader(mapping, filter_text).read


class EventReader:
    """Reads events by a mapping, by a filter, or by both; without a mapping an event has our shape.

    ``filter_text`` takes the place of the mapping's own filter.
    """

    def __init__(self, mapping: FieldMapping | None, filter_text: str | None = None) -> None:
        whole = FieldMapping() if mapping is None else mapping.whole()
        self._unwrap = unwrap if whole.envelope == "cloudevents" else _plain
        self._root = _compiled(whole.root)
        self._filter = _compiled(filter_text or whole.filter)
        found = {name: _compiled(getattr(whole, name)) for name in TICKET_FIELDS}
        self._fields = None if mapping is None else {n: e for n, e in found.items() if e}

    def read(
        self, value: bytes | None, headers: Headers, schemas: SchemaLookup
    ) -> Ticket | SkipReason:
        """The ticket. Raises UndecodableEvent, which names the field that is missing."""
        event = self._unwrap(value, headers, schemas)
        if self._root is not None:
            event = self._find("root", self._root, event)
        if self._filter is not None and not _holds(self._find("filter", self._filter, event)):
            return "filtered"
        if self._fields is None:
            return _storable(ticket_of(event))
        found = {name: self._find(name, where, event) for name, where in self._fields.items()}
        for name in ("id", "text"):
            if found.get(name) is None:
                where = self._fields[name].text
                raise UndecodableEvent("not_a_ticket", f"field {name} is missing: no `{where}`")
        if isinstance(customer := found.get("customer_id"), int) and customer is not True:
            found["customer_id"] = str(customer)
        return _storable(ticket_of(found))

    def _find(self, name: str, where: Expression, event: object) -> Any:
        try:
            return where.find(event)
        except FailedError as error:
            raise UndecodableEvent("not_a_ticket", f"field {name}: {error}") from None


def _plain(value: bytes | None, headers: Headers, schemas: SchemaLookup) -> Any:
    return decode_object(value, schemas, headers)


def _compiled(text: str | None) -> Expression | None:
    return None if text is None else Expression(text)


def _holds(found: object) -> bool:
    """What JMESPath calls true: 0 is, and nothing and what is empty are not."""
    return found is not None and found is not False and found not in ("", [], {})


def _storable(ticket: Ticket) -> Ticket:
    """Without lone surrogates, which only an escape deep in JSON can have brought."""
    clean = {
        name: scalar(text)
        for name in ("id", "text", "subject", "customer_id", "channel")
        if (text := getattr(ticket, name)) is not None
    }
    return Ticket(**clean, created_at=ticket.created_at)
