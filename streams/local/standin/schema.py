"""What the API refuses in a JSON schema for structured outputs."""

from collections.abc import Iterator
from typing import Any

from streams.local.standin.errors import ApiError, invalid

Schema = dict[str, Any]

# Everything else is a 400, as the API does with minimum, maxLength, uniqueItems and the like.
SUPPORTED = frozenset(
    ("type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf",
     "allOf", "$ref", "$defs", "definitions", "$schema", "$id", "title", "description", "default",
     "examples", "format", "pattern", "minItems")
)  # fmt: skip
MOST_OPTIONAL = 24
MOST_UNIONS = 16


def refused(message: str) -> ApiError:
    """A 400 for the schema."""
    return invalid(f"output_config.format.schema: {message}")


def check(schema: Schema) -> None:
    """ApiError 400 for keywords, limits and recursion that structured outputs do not support."""
    if not schema:
        raise refused("must not be empty")
    optional = unions = 0
    for node in _nodes(schema):
        for keyword in node.keys() - SUPPORTED:
            kind = node.get("type", "this")
            raise refused(f"For '{kind}' type, property '{keyword}' is not supported")
        if node.get("type") == "object" or "properties" in node:
            if node.get("additionalProperties") is not False:
                raise refused("For 'object' type, 'additionalProperties' must be explicitly false")
            optional += len(node.get("properties", {}).keys() - set(node.get("required", ())))
        if node.get("minItems", 0) not in (0, 1):
            raise refused("For 'array' type, 'minItems' values other than 0 or 1 are not supported")
        unions += "anyOf" in node or isinstance(node.get("type"), list)
    if optional > MOST_OPTIONAL:
        raise refused(f"{optional} optional parameters, at most {MOST_OPTIONAL} are supported")
    if unions > MOST_UNIONS:
        raise refused(f"{unions} parameters with union types, at most {MOST_UNIONS} are supported")
    _check_recursion(schema, schema, ())


def _children(node: Schema) -> Iterator[Schema]:
    """Schemas directly inside a schema, those behind a ``$ref`` left out."""
    for keyword in ("properties", "$defs", "definitions"):
        if isinstance(group := node.get(keyword), dict):
            yield from (child for child in group.values() if isinstance(child, dict))
    for keyword in ("anyOf", "allOf"):
        if isinstance(listed := node.get(keyword), list):
            yield from (child for child in listed if isinstance(child, dict))
    if isinstance(items := node.get("items"), dict):
        yield items


def _nodes(node: Schema) -> Iterator[Schema]:
    yield node
    for child in _children(node):
        yield from _nodes(child)


def target(root: Schema, ref: object) -> Schema:
    """The schema that an internal reference such as ``#/$defs/Item`` means."""
    node: Any = root
    parts = str(ref).split("/")
    try:
        for part in parts[1:]:
            node = node[part]
    except (KeyError, TypeError):
        node = None
    if parts[0] != "#" or not isinstance(node, dict):
        raise refused(f"$ref {ref!r} does not lead anywhere inside the schema")
    return node


def _check_recursion(root: Schema, node: Schema, path: tuple[int, ...]) -> None:
    if id(node) in path:
        raise refused("Recursive schemas are not supported")
    path = (*path, id(node))
    if "$ref" in node:
        _check_recursion(root, target(root, node["$ref"]), path)
    for child in _children({k: v for k, v in node.items() if k not in ("$defs", "definitions")}):
        _check_recursion(root, child, path)
