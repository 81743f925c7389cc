"""Checks of a request's fields, one by one: each takes the field's name and its value, and raises
ApiError 400 for one that the API would refuse."""

from collections.abc import Callable
from typing import Any

from streams.local.standin.errors import invalid

EFFORTS = ("low", "medium", "high", "xhigh", "max")
MOST_CACHE_CONTROLS = 4


def _model(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise invalid(f"{name}: Input should be a valid string")


def _max_tokens(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(f"{name}: Input should be a valid integer")
    if value < 1:
        raise invalid(f"{name}: must be greater than or equal to 1")


def _blocks(name: str, value: object) -> None:
    """A string, or a list of text blocks."""
    if isinstance(value, str):
        return
    if not isinstance(value, list):
        raise invalid(f"{name}: Input should be a valid string or list")
    for i, block in enumerate(value):
        if not isinstance(block, dict) or not isinstance(block.get("text"), str):
            raise invalid(f"{name}.{i}: Input should be a text block: the stand-in reads only text")
        if block.get("type") != "text":
            raise invalid(f"{name}.{i}.type: Input should be 'text'")
        _cache_control(f"{name}.{i}.cache_control", block.get("cache_control"))
    if sum(bool(block.get("cache_control")) for block in value) > MOST_CACHE_CONTROLS:
        raise invalid(f"{name}: at most {MOST_CACHE_CONTROLS} blocks may have cache_control")


def _cache_control(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, dict) or value.get("type") != "ephemeral":
        raise invalid(f"{name}: Input should have the type 'ephemeral'")
    if value.get("ttl", "5m") not in ("5m", "1h"):
        raise invalid(f"{name}.ttl: Input should be '5m' or '1h'")


def _messages(name: str, value: object) -> None:
    if not isinstance(value, list) or not value:
        raise invalid(f"{name}: at least one message is required")
    for i, message in enumerate(value):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            raise invalid(f"{name}.{i}.role: Input should be 'user' or 'assistant'")
        if not message.get("content"):
            raise invalid(f"{name}.{i}: messages must have non-empty content")
        _blocks(f"{name}.{i}.content", message["content"])
    if value[0]["role"] != "user":
        raise invalid(f'{name}: first message must use the "user" role')
    if value[-1]["role"] == "assistant":
        raise invalid("This model does not support assistant message prefill.")


def _thinking(name: str, value: object) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "enabled":
        raise invalid('"thinking.type.enabled" is not supported for this model. Use "adaptive".')
    if kind not in ("adaptive", "disabled"):
        raise invalid(f"{name}.type: Input should be 'adaptive' or 'disabled'")


def _output_config(name: str, value: object) -> None:
    if not isinstance(value, dict):
        raise invalid(f"{name}: Input should be an object")
    for key in value.keys() - {"effort", "format"}:
        raise invalid(f"{name}.{key}: Extra inputs are not permitted")
    if value.get("effort") not in (None, *EFFORTS):
        raise invalid(f"{name}.effort: Input should be one of {', '.join(EFFORTS)}")
    form = value.get("format")
    if form is None:
        return
    if not isinstance(form, dict) or form.get("type") != "json_schema":
        raise invalid(f"{name}.format.type: Input should be 'json_schema'")
    if not isinstance(form.get("schema"), dict):
        raise invalid(f"{name}.format.schema: Field required")


def _one_of(*allowed: object) -> Callable[[str, object], None]:
    def check(name: str, value: object) -> None:
        if not any(value is a or (isinstance(a, str) and value == a) for a in allowed):
            raise invalid(f"{name}: Input should be one of {', '.join(map(str, allowed))}")

    return check


def _of_type(kind: type) -> Callable[[str, object], None]:
    def check(name: str, value: object) -> None:
        if not isinstance(value, kind):
            raise invalid(f"{name}: Input should be of type {kind.__name__}")

    return check


def _withdrawn(name: str, value: object) -> None:
    """Sampling parameters: a 400 since version 2026-10-21, even at their defaults."""
    del value
    raise invalid(f"{name}: is not supported in this version of the API")


def _missing_here(name: str, value: object) -> None:
    if value:
        raise invalid(f"{name}: the stand-in cannot do this")


CHECKS: dict[str, Callable[[str, Any], None]] = {
    "model": _model,
    "max_tokens": _max_tokens,
    "messages": _messages,
    "system": _blocks,
    "thinking": _thinking,
    "output_config": _output_config,
    "metadata": _of_type(dict),
    "stop_sequences": _of_type(list),
    "service_tier": _one_of("auto", "standard_only"),
    "inference_geo": _one_of("global", "us", None),
    "temperature": _withdrawn,
    "top_p": _withdrawn,
    "top_k": _withdrawn,
    "stream": _missing_here,
    "tools": _missing_here,
    "tool_choice": _missing_here,
}
