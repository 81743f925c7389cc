"""The shape of the answer that a schema asks for: one ticket or many, and how it names things."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from streams.local.standin.schema import Schema, check, refused, target

# In a pattern for strings: the closed set of names that may stand in one, or any name.
_ALTERNATIVES = re.compile(r"\(([A-Za-z]\w*(?:\|[A-Za-z]\w*)+)\)")
_ANY_NAME = r" \w+ "
# A line of the instructions that says what a name means; the name alone where nothing is to say.
_DEFINITION = re.compile(r"^([A-Za-z]\w*)(?::\ .*)?$", re.MULTILINE)

ID_NAMES = ("id", "ticket_id", "ticket", "index", "number", "n", "i")


@dataclass(frozen=True, slots=True)
class Shape:
    """What an answer looks like. Names are those of the schema's own properties."""

    categories: tuple[str, ...]
    category: str
    confidence: str | None
    id: str | None = None
    id_is_integer: bool = False
    array: str | None = None
    """The property that holds the list, if the answer is for many tickets."""
    item: tuple[tuple[str, Any], ...] = ()
    """Required properties of one result in order, with a value that fits."""
    outer: tuple[tuple[str, Any], ...] = ()
    """The same of the object around the list."""
    as_text: bool = False
    """Whether a result is no object but a string: id, category and whole percent."""


WITHOUT_SCHEMA = Shape(
    categories=("billing", "technical", "product_feedback", "account", "unknown"),
    category="category",
    confidence="confidence",
    item=(("category", ""), ("confidence", 0)),
)


@lru_cache(maxsize=256)
def shape_of(schema_json: str, instructions: str = "") -> Shape:
    """The shape of the answer; ApiError 400 where the API would refuse the schema.

    Names that the schema leaves open are those which the instructions define, each in a line.
    """
    try:
        schema = json.loads(schema_json)
        check(schema)
        return _Reader(schema, instructions).shape()
    except (TypeError, AttributeError, KeyError, RecursionError):
        raise refused("is not a valid JSON schema") from None


class _Reader:
    """Finds the shape in a schema that was checked."""

    def __init__(self, root: Schema, instructions: str) -> None:
        self._root = root
        self._instructions = instructions

    def shape(self) -> Shape:
        outer = self._resolve(self._root)
        properties = self._properties(outer)
        for name, inner in properties.items():
            if inner.get("type") == "array":
                item = self._resolve(inner.get("items", {}))
                if listed := self._listed(str(item.get("pattern", "")), properties):
                    return self._strings(listed, name, self._required(outer))
                if self._enums(self._properties(item)):
                    return self._fields(item, array=name, outer=self._required(outer))
        if self._enums(properties):
            return self._fields(outer)
        return Shape((), "", None, item=self._required(outer))

    def _listed(self, pattern: str, properties: Mapping[str, Schema]) -> tuple[str, ...]:
        """The names that may stand in a string of this pattern; none for other patterns."""
        if found := _ALTERNATIVES.search(pattern):
            return tuple(found[1].split("|"))
        if _ANY_NAME not in pattern:
            return ()
        defined = _DEFINITION.findall(self._instructions)
        # What a property of the answer is for stands in such a line too.
        return tuple(name for name in defined if name not in properties)

    @staticmethod
    def _strings(names: tuple[str, ...], array: str, outer: tuple[tuple[str, Any], ...]) -> Shape:
        return Shape(
            categories=names,
            category="category",
            confidence="confidence",
            id="id",
            array=array,
            item=(("id", ""), ("category", ""), ("confidence", 0)),
            outer=outer,
            as_text=True,
        )

    def _fields(
        self, item: Schema, array: str | None = None, outer: tuple[tuple[str, Any], ...] = ()
    ) -> Shape:
        properties = self._properties(item)
        enums = self._enums(properties)
        category = next((name for name in enums if name.lower() not in ID_NAMES), next(iter(enums)))
        rest = {name: p for name, p in properties.items() if name != category}
        confidence = next((n for n, p in rest.items() if p.get("type") == "number"), None)
        ids = [n for n, p in rest.items() if p.get("type") in ("integer", "string")]
        named = [n for n in ids if n.lower() in ID_NAMES]
        integers = [n for n in ids if rest[n]["type"] == "integer"]
        ticket_id = next(iter(named + integers + ids), None) if array else None
        return Shape(
            categories=enums[category],
            category=category,
            confidence=confidence,
            id=ticket_id,
            id_is_integer=ticket_id is not None and rest[ticket_id]["type"] == "integer",
            array=array,
            item=self._required(item),
            outer=outer,
        )

    def _resolve(self, node: Schema) -> Schema:
        """Follows references and, of alternatives, takes the first that is not null."""
        if "$ref" in node:
            return self._resolve(target(self._root, node["$ref"]))
        for keyword in ("anyOf", "allOf"):
            real = [n for n in node.get(keyword, ()) if n.get("type") != "null"]
            if real:
                return self._resolve(real[0])
        return node

    def _properties(self, node: Schema) -> dict[str, Schema]:
        return {name: self._resolve(p) for name, p in node.get("properties", {}).items()}

    @staticmethod
    def _enums(properties: dict[str, Schema]) -> dict[str, tuple[str, ...]]:
        """Properties with a closed set of strings."""
        return {
            name: tuple(p["enum"])
            for name, p in properties.items()
            if p.get("enum") and all(isinstance(value, str) for value in p["enum"])
        }

    def _required(self, node: Schema) -> tuple[tuple[str, Any], ...]:
        return tuple((name, self._sample(p)) for name, p in self._properties(node).items())

    def _sample(self, node: Schema) -> Any:
        """Some value that fits."""
        node = self._resolve(node)
        if "const" in node:
            return node["const"]
        if node.get("enum"):
            return node["enum"][0]
        kind = node.get("type")
        kind = kind[0] if isinstance(kind, list) and kind else kind
        if kind == "object":
            return dict(self._required(node))
        if kind == "array":
            return [self._sample(node.get("items", {}))] if node.get("minItems") else []
        return {"string": "", "number": 0, "integer": 0, "boolean": False}.get(str(kind))
