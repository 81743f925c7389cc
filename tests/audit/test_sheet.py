import builtins
import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from streams.audit.sheet import NoParquetError, Sheet, csv_of, parquet_of

SHEET = Sheet(
    {"name": "text", "n": "whole", "dollars": "decimal", "day": "day", "at": "time"},
    [
        ['a, "b"\nc é', 2**62, Decimal(1).scaleb(-12), date(2026, 11, 21), None],
        [None, 0, -Decimal("12345678.000000000001"), None, datetime(2026, 11, 21, 1, tzinfo=UTC)],
    ],
)


def test_csv_says_everything_in_full() -> None:
    lines = list(csv.reader(io.StringIO(csv_of(SHEET).decode())))
    assert lines == [
        ["name", "n", "dollars", "day", "at"],
        ['a, "b"\nc é', str(2**62), "0.000000000001", "2026-11-21", ""],
        ["", "0", "-12345678.000000000001", "", "2026-11-21T01:00:00Z"],
    ]


def read_back(parquet: bytes) -> tuple[dict[str, str], dict[str, list[Any]]]:
    """Types and values, by column."""
    io_ = pytest.importorskip("arro3.io", reason="Parquet is an extra")
    table = io_.read_parquet(io.BytesIO(parquet)).read_all()
    types = {field.name: str(field.type) for field in table.schema}
    return types, {name: table[name].to_pylist() for name in table.column_names}


def test_parquet_has_types_and_is_exact() -> None:
    pytest.importorskip("arro3.io", reason="Parquet is an extra")
    types, values = read_back(parquet_of(SHEET))
    assert list(types) == list(SHEET.columns)
    assert "Decimal128(38, 12)" in types["dollars"]
    assert "Int64" in types["n"]
    assert "Date32" in types["day"]
    for at, name in enumerate(SHEET.columns):
        assert values[name] == [row[at] for row in SHEET.rows]


def test_an_empty_parquet_has_its_columns() -> None:
    pytest.importorskip("arro3.io", reason="Parquet is an extra")
    types, values = read_back(parquet_of(Sheet(SHEET.columns, [])))
    assert list(types) == list(SHEET.columns)
    assert set(map(len, values.values())) == {0}


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name.startswith("arro3"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(NoParquetError, match=r"pip install 'ticket-streams\[parquet\]'"):
        parquet_of(SHEET)
