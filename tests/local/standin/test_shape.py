import json
import re
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from streams.local.standin.answers import answer_text
from streams.local.standin.requests import parse
from streams.local.standin.shape import Shape, shape_of
from tests.local.standin.calls import CATEGORIES, OUTCOME, SINGLE, STRINGS, body, schema_of, tickets

Properties = dict[str, Any]


def _list_of(**item: Any) -> Properties:
    return schema_of({"answers": {"type": "array", "items": schema_of(item)}})


def _shape(schema: Properties) -> Shape:
    return shape_of(json.dumps(schema))


def test_one_ticket() -> None:
    shape = _shape(SINGLE)
    assert (shape.array, shape.category, shape.confidence, shape.id) == (
        None, "category", "confidence", None,
    )  # fmt: skip
    assert shape.categories == tuple(CATEGORIES)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"n": {"type": "integer"}, **OUTCOME}, ("n", True)),
        ({"reason": {"type": "string"}, "id": {"type": "string"}, **OUTCOME}, ("id", False)),
        ({"reason": {"type": "string"}, "seq": {"type": "integer"}, **OUTCOME}, ("seq", True)),
        ({"id": {"type": "string", "enum": ["a", "b"]}, **OUTCOME}, ("id", False)),
        (OUTCOME, (None, False)),
    ],
    ids=str,
)
def test_the_id_of_many_tickets(item: Properties, expected: tuple[str | None, bool]) -> None:
    shape = _shape(_list_of(**item))
    assert shape.array == "answers"
    assert (shape.id, shape.id_is_integer) == expected
    assert shape.category == "category"


def test_a_schema_that_pydantic_wrote() -> None:
    class Item(BaseModel):
        model_config = ConfigDict(extra="forbid")
        ticket_id: str
        category: str
        note: str | None

    class Answer(BaseModel):
        model_config = ConfigDict(extra="forbid")
        items: list[Item]
        count: int

    schema = Answer.model_json_schema()
    schema["$defs"]["Item"]["properties"]["category"]["enum"] = CATEGORIES
    request = parse(
        json.dumps(body(tickets("Refund my payment", "It crashes"), schema=schema)).encode()
    )
    answer = Answer.model_validate_json(answer_text(request, frozenset()))
    assert [(item.ticket_id, item.category) for item in answer.items] == [
        ("1", "billing"),
        ("2", "technical"),
    ]


def test_a_schema_for_something_else_gets_values_that_fit() -> None:
    schema = schema_of(
        {
            "name": {"type": "string"},
            "kind": {"const": "x"},
            "list": {"type": "array", "items": {"type": "boolean"}, "minItems": 1},
        }
    )
    request = parse(json.dumps(body(schema=schema)).encode())
    assert json.loads(answer_text(request, frozenset())) == {
        "name": "",
        "kind": "x",
        "list": [False],
    }


def test_ids_that_are_no_numbers_keep_their_place() -> None:
    text = "<ticket id='a-1'>Refund</ticket> <ticket>It crashes</ticket>"
    request = parse(
        json.dumps(body(text, schema=_list_of(id={"type": "string"}, **OUTCOME))).encode()
    )
    answers = json.loads(answer_text(request, frozenset()))["answers"]
    assert [a["id"] for a in answers] == ["a-1", "2"]


def test_results_that_are_strings() -> None:
    shape = _shape(STRINGS)
    assert (shape.array, shape.id, shape.as_text) == ("results", "id", True)
    assert shape.categories == tuple(CATEGORIES)
    text = tickets("Refund my payment", "It crashes")
    request = parse(json.dumps(body(text, schema=STRINGS)).encode())
    first, second = json.loads(answer_text(request, frozenset()))["results"]
    pattern = STRINGS["properties"]["results"]["items"]["pattern"]
    assert re.fullmatch(pattern, first)
    assert first.startswith("1 billing ")
    assert re.fullmatch(pattern, second)
    assert second.startswith("2 technical ")


def test_names_that_the_schema_leaves_open_are_those_of_the_instructions() -> None:
    items = {"type": "string", "pattern": r"^\d+ \w+ \d+$"}
    schema = json.dumps(schema_of({"r": {"type": "array", "items": items}}))
    told = "Sort tickets.\nbilling: money\nother\nunknown: none: fits\nr: for each ticket\nNo more."
    assert shape_of(schema, told).categories == ("billing", "other", "unknown")
    assert shape_of(schema).categories == ()


@pytest.mark.parametrize("pattern", ["^[0-9]+$", "^[0-9]+ (100|[0-9]{1,2})$", "^(only)$"])
def test_strings_without_a_closed_set_are_something_else(pattern: str) -> None:
    items = {"type": "string", "pattern": pattern}
    assert _shape(schema_of({"r": {"type": "array", "items": items}})).categories == ()
