"""Bytes of the tables' changelog topics.

A row's key in the topic is Faust's windowed key as JSON, ``["<row key>",[start,end]]``: the row's
key (streams/books/rows.py) and the window's first and last instant in epoch seconds. Its value is
JSON too, or null for a row that expired: eight whole numbers for spend, one for errors.
"""

import json
from functools import lru_cache
from typing import Any

from pydantic_core import from_json

from streams.books.rows import SpendRow


def encode_key(row_key: str, start: float, end: float) -> bytes:
    """The changelog key of one row in the window from ``start`` to ``end`` (epoch seconds)."""
    return _dump([row_key, [float(start), float(end)]])


def decode_key(data: bytes) -> tuple[str, float, float]:
    """``(row key, start, end)``. Raises ValueError for anything else than such a key."""
    row_key, window = decode_window(data)
    return row_key, *window


def decode_window(data: bytes) -> tuple[str, tuple[float, float]]:
    """The row key, and start and end of its window: the same objects for the same bytes.

    Raises ValueError for anything else than such a key.
    """
    row, _, window = data.rpartition(b",")
    row, _, start = row.rpartition(b",")
    return _row(row), _span(start, window)


# A table has dozens to thousands of row keys, and as many rows of each as there are windows.


@lru_cache(maxsize=50_000)
def _row(data: bytes) -> str:
    match _load(data + b"]"):
        case [str(row_key)]:
            return row_key
    raise ValueError("not the key of a windowed row")


@lru_cache(maxsize=20_000)
def _span(start: bytes, end: bytes) -> tuple[float, float]:
    match _load(start + b"," + end.removesuffix(b"]")):
        case [int() | float() as first, int() | float() as last]:
            return float(first), float(last)
    raise ValueError("not the key of a windowed row")


def encode_spend(row: SpendRow) -> bytes:
    """A row of the spend table: its fields in order."""
    return _dump(row)


def decode_spend(data: bytes) -> SpendRow:
    """The inverse of :func:`encode_spend`. Raises ValueError for anything else."""
    fields = _load(data)
    if not isinstance(fields, list) or len(fields) != len(SpendRow._fields):
        raise ValueError(f"a spend row has {len(SpendRow._fields)} numbers")
    if set(map(type, fields)) != {int}:  # a bool is an int, but not here
        raise ValueError("a row holds whole numbers only")
    return SpendRow._make(fields)


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


_encode = json.JSONEncoder(separators=(",", ":")).encode  # made once: dumps makes it each time


def _dump(value: object) -> bytes:
    return _encode(value).encode()


def _load(data: bytes) -> Any:
    return from_json(data)  # its errors, and those of bad UTF-8, are ValueErrors
