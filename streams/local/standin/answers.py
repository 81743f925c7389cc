"""Writes the text of an answer, with the faults that a text can have."""

import json
import zlib
from typing import Any

from streams.local.standin.classifier import classifier_for
from streams.local.standin.obedience import obey
from streams.local.standin.requests import MessageRequest
from streams.local.standin.shape import Shape

Json = dict[str, Any]


def answer_text(request: MessageRequest, faults: frozenset[str]) -> str:
    """What the model says: JSON that fits the request's schema, unless a fault spoils it."""
    text = _answer(request, faults)
    if "bad_json" in faults:
        text = text[: len(text) * 2 // 3] + " …"
    if "filler" in faults:
        text = f"Here is the classification:\n```json\n{text}\n```\nLet me know if I can help more."
    return text


def _answer(request: MessageRequest, faults: frozenset[str]) -> str:
    shape = request.shape
    if not shape.categories:  # a schema that asks for something else than tickets
        return _json(dict(shape.item))
    tickets = request.tickets()
    results = [_result(shape, str(n), *ticket, faults) for n, ticket in enumerate(tickets, start=1)]
    forged: list[str] = []
    if "obey" in faults:
        obeyed = obey(results, [text for _, text in tickets], shape)
        if obeyed.words is not None:
            return obeyed.words
        results, forged = obeyed.results, obeyed.forged
    if shape.array is None:
        return "\n".join([*map(_json, results[:1]), *forged])
    many = _many(shape, results, faults)
    listed = ",".join([*(_json(_line(r) if shape.as_text else r) for r in many), *forged])
    outer = _json({**dict(shape.outer), shape.array: _PLACE})
    return outer.replace(_json(_PLACE), f"[{listed}]", 1)


_PLACE = "\0"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _line(result: Json) -> str:
    """A result as a string. More than all is given as it is: the model may be told so."""
    confidence = result["confidence"]
    percent = round(confidence * 100) if confidence <= 1 else f"{confidence:g}"
    return f"{result['id']} {result['category']} {percent}"


def _result(shape: Shape, number: str, ticket_id: str, text: str, faults: frozenset[str]) -> Json:
    """One result; a ticket without an id goes by its number."""
    category, confidence = classifier_for(shape.categories).classify(text)
    if "low_confidence" in faults:
        confidence = round(confidence * 0.4, 2)
    result = dict(shape.item)
    result[shape.category] = category.upper() if "wrong_case" in faults else category
    if shape.confidence:
        result[shape.confidence] = confidence
    if shape.id:
        result[shape.id] = _id(shape, ticket_id or number)
    return result


def _id(shape: Shape, ticket_id: str) -> int | str:
    """An id as the schema wants it: a number from an id that is none is made up."""
    if not shape.id_is_integer:
        return ticket_id
    return int(ticket_id) if ticket_id.isdecimal() else zlib.crc32(ticket_id.encode())


def _many(shape: Shape, results: list[Json], faults: frozenset[str]) -> list[Json]:
    """The results of many tickets, with one missing, swapped, doubled or invented."""
    if "missing" in faults and len(results) > 1:
        results = results[: len(results) // 2] + results[len(results) // 2 + 1 :]
    if "swap" in faults:
        results = results[::-1]
    if "double" in faults and results:
        other = next((c for c in shape.categories if c != results[0][shape.category]), "")
        results = [*results, {**results[0], shape.category: other}]
    if "invent" in faults and shape.id:
        invented = {**dict(shape.item), shape.category: shape.categories[0]}
        results = [*results, {**invented, shape.id: _id(shape, "999999999")}]
    return results
