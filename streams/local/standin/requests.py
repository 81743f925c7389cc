"""Reads and checks the body of a request, by hand: a validation library would take longer than all
the rest of an answer."""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from streams.local.standin.errors import invalid
from streams.local.standin.fields import CHECKS
from streams.local.standin.prices import Model, model_named
from streams.local.standin.shape import WITHOUT_SCHEMA, Shape, shape_of
from streams.local.standin.tokens import MESSAGE_OVERHEAD, SCHEMA_OVERHEAD, text_tokens

Ttl = Literal["5m", "1h"]

_TICKET = re.compile(r"<ticket\b([^>]*)>(.*?)</ticket>", re.DOTALL)
_ID = re.compile(r"""\bid\s*=\s*["']?([^"'\s>]+)""")


@dataclass(frozen=True, slots=True)
class Cacheable:
    """A prefix that ``cache_control`` asks to cache. The key changes with the schema, too."""

    key: tuple[str, str, str]
    tokens: int
    ttl: Ttl


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """A valid request: what the answer depends on."""

    model: Model
    max_tokens: int
    user_text: str
    input_tokens: int
    """All of them, cached or not."""
    cacheable: Cacheable | None
    shape: Shape
    thinks: bool
    effort: str
    geo: str

    def tickets(self) -> list[tuple[str, str]]:
        """Id and text of each ticket; the id is empty where there is none."""
        found = [
            (match[1] if (match := _ID.search(attributes)) else "", text)
            for attributes, text in _TICKET.findall(self.user_text)
        ]
        return found or [("", self.user_text)]


def parse(raw: bytes, *, counting: bool = False) -> MessageRequest:
    """The request of a body. ApiError with the status that the API would give.

    ``counting`` is for ``count_tokens``, which takes no ``max_tokens``.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise invalid("The request body is not valid JSON") from None
    if not isinstance(body, dict):
        raise invalid("The request body must be a JSON object")
    try:
        return _request(body, counting)
    except UnicodeEncodeError:
        raise invalid("The request body is not valid JSON: a lone surrogate") from None


def _request(body: dict[str, Any], counting: bool) -> MessageRequest:
    for name in ("model", "messages") if counting else ("model", "messages", "max_tokens"):
        if name not in body:
            raise invalid(f"{name}: Field required")
    for name, value in body.items():
        check = CHECKS.get(name)
        if check is None:
            raise invalid(f"{name}: Extra inputs are not permitted")
        check(name, value)
    model = model_named(body["model"])
    config = body.get("output_config") or {}
    effort = config.get("effort") or "medium"
    schema = (config.get("format") or {}).get("schema")
    schema_json = "" if schema is None else json.dumps(schema)
    texts = [_text("messages", message["content"]) for message in body["messages"]]
    before, after, ttl = _system(body.get("system") or "")

    prefix_tokens = text_tokens(before, model)
    tokens = prefix_tokens + text_tokens(after, model)
    tokens += sum(MESSAGE_OVERHEAD + text_tokens(text, model) for text in texts)
    if schema is not None:
        tokens += SCHEMA_OVERHEAD + text_tokens(schema_json, model)
    return MessageRequest(
        model=model,
        max_tokens=body.get("max_tokens", 0),
        user_text=texts[-1],
        input_tokens=tokens,
        cacheable=Cacheable((model.id, before, schema_json), prefix_tokens, ttl) if ttl else None,
        shape=shape_of(schema_json, before + after) if schema is not None else WITHOUT_SCHEMA,
        thinks=_thinks(body.get("thinking"), model, effort),
        effort=effort,
        geo=body.get("inference_geo") or "global",
    )


def _system(system: str | list[dict[str, Any]]) -> tuple[str, str, Ttl | None]:
    """Text up to the last block with ``cache_control``, text after it, the cache's time to live."""
    if isinstance(system, str):
        return "", system, None
    marked = [i for i, block in enumerate(system) if block.get("cache_control")]
    cut = marked[-1] + 1 if marked else 0
    ttl = system[cut - 1]["cache_control"].get("ttl", "5m") if marked else None
    return "".join(b["text"] for b in system[:cut]), "".join(b["text"] for b in system[cut:]), ttl


def _text(where: str, content: str | list[dict[str, Any]]) -> str:
    """The text of a string or of text blocks; ApiError where there is none."""
    blocks = [content] if isinstance(content, str) else [block["text"] for block in content]
    for text in blocks:
        if not text.strip():
            raise invalid(f"{where}: text content blocks must contain non-whitespace text")
    return "\n".join(blocks)


def _thinks(thinking: dict[str, Any] | None, model: Model, effort: str) -> bool:
    kind = (thinking or {}).get("type", "adaptive" if model.thinks else "disabled")
    if kind == "disabled" and effort in ("xhigh", "max") and model.thinks:
        raise invalid(f"thinking: cannot be disabled at effort '{effort}'")
    return bool(kind == "adaptive")
