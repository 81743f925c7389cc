"""Rows with named and typed columns, as CSV or as Parquet."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

Kind = Literal["text", "whole", "decimal", "day", "time"]
"""What a column holds. ``decimal`` has 12 decimal places: dollars, exact to the pico-dollar;
``time`` is UTC, in milliseconds."""

Value = str | int | Decimal | date | datetime | None


class NoParquetError(Exception):
    """The library that writes Parquet is not installed. The message says how to install it."""

    def __str__(self) -> str:
        return "Parquet needs one more library: pip install 'ticket-streams[parquet]'"


class Sheet(NamedTuple):
    """A row has a value for each column; None where it has none."""

    columns: Mapping[str, Kind]
    rows: Sequence[Sequence[Value]]


def csv_of(sheet: Sheet) -> bytes:
    """With a head line; UTF-8. Decimals are written in full."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(sheet.columns)
    writer.writerows([_text(value) for value in row] for row in sheet.rows)
    return out.getvalue().encode()


def parquet_of(sheet: Sheet) -> bytes:
    """Raises NoParquetError where the extra is not installed."""
    try:
        from arro3.core import Array, DataType, Table  # noqa: PLC0415 - an extra
        from arro3.io import write_parquet  # noqa: PLC0415
    except ImportError:
        raise NoParquetError from None
    types = {
        "text": DataType.string(),
        "whole": DataType.int64(),
        "decimal": DataType.decimal128(38, 12),
        "day": DataType.date32(),
        "time": DataType.timestamp("ms", tz="UTC"),
    }
    # Cast from text: exact for each of these types.
    arrays: dict[str, Any] = {
        name: Array(list(column), DataType.string()).cast(types[kind])
        for (name, kind), column in zip(sheet.columns.items(), _columns(sheet), strict=True)
    }
    out = io.BytesIO()
    write_parquet(Table.from_pydict(arrays), out)
    return out.getvalue()


def _columns(sheet: Sheet) -> Iterator[Iterator[str | None]]:
    for at in range(len(sheet.columns)):
        yield (None if row[at] is None else _text(row[at]) for row in sheet.rows)


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
