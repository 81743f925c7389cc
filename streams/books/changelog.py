"""Bytes of the tables' changelog topics.

A row's key in the topic is Faust's windowed key as JSON, ``["<row key>",[start,end]]``: the row's
key (streams/books/rows.py) and the window's first and last instant in epoch seconds. Its value is
JSON too, or null for a row that expired: eight whole numbers for spend, one for errors.
"""

import json
from typing import Any

from streams.books.rows import SpendRow


def encode_key(row_key: str, start: float, end: float) -> bytes:
    """The changelog key of one row in the window from ``start`` to ``end`` (epoch seconds)."""
    return _dump([row_key, [float(start), float(end)]])


def decode_key(data: bytes) -> tuple[str, float, float]:
    """``(row key, start, end)``. Raises ValueError for anything else than such a key."""
    match _load(data):
        case [str(row_key), [int() | float() as start, int() | float() as end]]:
            return row_key, float(start), float(end)
    raise ValueError("not the key of a windowed row")


def encode_spend(row: SpendRow) -> bytes:
    """A row of the spend table: its fields in order."""
    return _dump(row)


def decode_spend(data: bytes) -> SpendRow:
    """The inverse of :func:`encode_spend`. Raises ValueError for anything else."""
    fields = _load(data)
    if not isinstance(fields, list) or len(fields) != len(SpendRow._fields):
        raise ValueError(f"a spend row has {len(SpendRow._fields)} numbers")
    return SpendRow(*map(_whole, fields))


def encode_count(count: int) -> bytes:
    """A row of the errors table."""
    return _dump(count)


def decode_count(data: bytes) -> int:
    """The inverse of :func:`encode_count`. Raises ValueError for anything else."""
    return _whole(_load(data))


def _whole(value: object) -> int:
    if type(value) is not int:  # a bool is an int, but not here
        raise ValueError("a row holds whole numbers only")
    return value


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _load(data: bytes) -> Any:
    return json.loads(data)  # its errors, and those of bad UTF-8, are ValueErrors
