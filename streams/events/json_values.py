"""JSON values: an object in UTF-8, and the ticket in it."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from streams.events.errors import UndecodableEvent
from streams.events.model import Ticket

LONG = range(-(2**63), 2**63)
"""What an Avro long can hold."""

_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def read_object(value: bytes) -> dict[str, object]:
    """The object, its lone surrogates replaced. Raises UndecodableEvent: not_utf8, not_json."""
    try:
        # Decoded here: left to itself, json would also take UTF-16 and UTF-32.
        found = json.loads(value.removeprefix(_BOM).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UndecodableEvent("not_utf8", f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UndecodableEvent("not_json", f"not JSON at {where}") from None
    except RecursionError:
        raise UndecodableEvent("not_json", "JSON nested too deeply") from None
    except ValueError:  # an integer of more than 4,300 digits
        raise UndecodableEvent("not_json", "JSON with a number that is too long") from None
    if not isinstance(found, dict):
        raise UndecodableEvent("not_json", f"JSON, but {_kind(found)} and no object")
    if b"\\u" in value:  # a lone surrogate can only come from an escape
        return {k: scalar(v) if isinstance(v, str) else v for k, v in found.items()}
    return found


def scalar(text: str) -> str:
    """``text`` with lone surrogates, which neither Avro nor HTTP can carry, as U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def ticket_of(fields: Mapping[str, object]) -> Ticket:
    """The ticket in a JSON object; what it does not know it ignores.

    ``id`` (a string, or an integer) and ``text`` must be there. Raises UndecodableEvent
    (``not_a_ticket``) that names the field.
    """
    identifier = fields.get("id")
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        identifier = str(identifier)
    return Ticket(
        _required("id", identifier),
        _required("text", fields.get("text")),
        _optional("subject", fields.get("subject")),
        _optional("customer_id", fields.get("customer_id")),
        _optional("channel", fields.get("channel")),
        _time("created_at", fields.get("created_at")),
    )


def _required(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    found = "is missing" if value is None else f"is {_kind(value)}, not a string"
    raise UndecodableEvent("not_a_ticket", f"field {name} {found}")


def _optional(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise UndecodableEvent("not_a_ticket", f"field {name} is {_kind(value)}, not a string")


def _time(name: str, value: object) -> int | None:
    """Epoch milliseconds from an integer or ISO 8601; a time without an offset is UTC."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        if value in LONG:
            return value
        raise UndecodableEvent("not_a_ticket", f"field {name} is out of range")
    if not isinstance(value, str):
        message = f"field {name} is {_kind(value)}, neither milliseconds nor ISO 8601"
        raise UndecodableEvent("not_a_ticket", message)
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise UndecodableEvent("not_a_ticket", f"field {name} is no ISO 8601 time") from None
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def _kind(value: object) -> str:
    """What JSON calls the type of a value."""
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list"}
    return names.get(type(value), "an object")
