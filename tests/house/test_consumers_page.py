"""What docs/consumers.md tells other programs about our records is what their schemas say."""

import json
import re
from typing import Any

import pytest

from streams.books.rows import SpendRow
from streams.events.schemas import CALL, ROUTED, RecordSchema
from tests.consumers_page import blocks

FLINK = {
    "string": "STRING",
    "int": "INT",
    "long": "BIGINT",
    "double": "DOUBLE",
    "timestamp-millis": "TIMESTAMP(3)",
}
CONNECT = {"string": "string", "int": "int32", "long": "int64", "double": "double"}


def avro_types(schema: RecordSchema) -> dict[str, tuple[str, str | None, bool]]:
    """Of each field the type, its logical type, and whether it may be null."""
    found = {}
    for field in json.loads(schema.text)["fields"]:
        options = field["type"] if isinstance(field["type"], list) else [field["type"]]
        [kind] = [option for option in options if option != "null"]
        name = kind["type"] if isinstance(kind, dict) else kind
        logical = kind.get("logicalType") if isinstance(kind, dict) else None
        found[field["name"]] = name, logical, "null" in options
    return found


def flink_columns(table: str) -> dict[str, str]:
    """The physical columns of a table on the page."""
    page = "\n".join(blocks("Flink SQL", "sql"))
    _, _, rest = page.partition(f"CREATE TABLE {table} (\n")
    columns = re.findall(
        r"^  `?([a-z_]+)`? ([A-Z]+(?:\(\d\)|<.*>)?),?$", rest.partition("\n)")[0], re.M
    )
    return dict(columns)


@pytest.mark.parametrize(("table", "schema"), [("routed", ROUTED), ("calls", CALL)])
def test_flinks_columns_have_the_types_of_our_fields(table: str, schema: RecordSchema) -> None:
    types = avro_types(schema)
    columns = flink_columns(table)
    assert "cost_picodollars" in columns
    for name, column in columns.items():
        kind, logical, _ = types[name]
        if kind == "array":
            assert column == "ARRAY<ROW<category STRING, cost_picodollars BIGINT>>"
        elif table == "calls":  # JSON: a time is a number there
            assert column == FLINK[kind]
        else:
            assert column == FLINK[logical or kind]


def connect_schema(sink: str) -> Any:
    [config] = [
        found["config"]
        for found in map(json.loads, blocks("Kafka Connect: rows in a database", "json"))
        if found["name"] == sink
    ]
    return json.loads(config["value.converter.schema.content"])


def test_connects_columns_have_the_types_of_our_fields() -> None:
    types = avro_types(CALL)
    fields = connect_schema("calls")["fields"]
    assert {"call_id", "cost_picodollars", "unsettled_picodollars"} <= {f["field"] for f in fields}
    for field in fields:
        kind, logical, may_be_null = types[field["field"]]
        assert field["type"] == CONNECT[kind]
        assert field.get("optional", False) == may_be_null
        is_time = field.get("name") == "org.apache.kafka.connect.data.Timestamp"
        assert is_time == (logical == "timestamp-millis")


def test_rows_of_the_books_are_read_as_whole_numbers_from_their_places() -> None:
    assert connect_schema("spend") == {"type": "array", "items": {"type": "int64"}}
    at = {name: place for place, name in enumerate(SpendRow._fields)}
    money, tickets = at["picodollars"], at["tickets"]
    flink = "\n".join(blocks("Flink SQL", "sql"))
    assert f"CAST(JSON_VALUE(v, '$[{money}]') AS BIGINT) AS picodollars" in flink
    assert f"CAST(JSON_VALUE(v, '$[{tickets}]') AS BIGINT) AS tickets" in flink
    [postgres] = blocks("Kafka Connect: rows in a database", "sql")  # counts from 1
    assert f"sum(amounts[{money + 1}]) AS picodollars" in postgres
    assert f"sum(amounts[{tickets + 1}]) AS tickets" in postgres
    [ksql] = blocks("ksqlDB", "sql")
    assert f"SUM(amounts[{money + 1}]) AS picodollars" in ksql


def test_every_reader_on_the_page_reads_committed_records_only() -> None:
    for sink in map(json.loads, blocks("Kafka Connect: rows in a database", "json")):
        assert sink["config"]["consumer.override.isolation.level"] == "read_committed"
    tables = re.findall(r"CREATE TABLE .*?\n\);", "\n".join(blocks("Flink SQL", "sql")), re.S)
    assert len(tables) == 3
    for table in tables:
        assert "'properties.isolation.level' = 'read_committed'" in table
    [faust], [aiokafka] = blocks("Faust", "python"), blocks("aiokafka", "python")
    assert 'processing_guarantee="exactly_once"' in faust
    assert 'isolation_level="read_committed"' in aiokafka
