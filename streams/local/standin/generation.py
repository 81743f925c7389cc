"""Makes the reply to a valid request: the message, as the API shapes it, and its usage."""

import json
import zlib
from dataclasses import dataclass
from typing import Any

from streams.local.standin.answers import answer_text
from streams.local.standin.prices import Usage
from streams.local.standin.prompt_cache import CacheUse
from streams.local.standin.requests import MessageRequest
from streams.local.standin.tokens import answer_tokens, cut_to_tokens

# Median thinking tokens by effort: of the right order, no more.
THINKING_TOKENS = {"low": 40, "medium": 150, "high": 500, "xhigh": 1_000, "max": 2_000}
REFUSAL_TOKENS = 5

UNHEARD = "claude-unheard-1"
"""A model without a price."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A message to send, and what it is charged with."""

    body: bytes
    model: str
    """That it says it is of, and is charged for."""
    usage: Usage
    picodollars: int


def generate(
    request: MessageRequest, cache: CacheUse, faults: frozenset[str], message_id: str
) -> Reply:
    """The reply. Thinking and text share ``max_tokens``; what does not fit is cut off."""
    content: list[dict[str, Any]] = []
    stop_reason, stop_details = "end_turn", None
    thinking = _thinking_tokens(request, faults)
    output = thinking
    if "refuse" in faults:
        thinking, output = 0, min(REFUSAL_TOKENS, request.max_tokens)
        stop_reason = "refusal"
        stop_details = {"type": "refusal", "category": None, "explanation": "A fault."}
    else:
        if thinking:
            content.append({"type": "thinking", "thinking": "", "signature": "c3RhbmQtaW4="})
        room = request.max_tokens - thinking
        text = answer_text(request, faults)
        needed = answer_tokens(text)
        if needed > room:
            stop_reason, text = "max_tokens", cut_to_tokens(text, room)
        if text:
            content.append({"type": "text", "text": text})
        output += min(needed, room)
    usage = Usage(
        input=request.input_tokens - sum(cache), output=output, thinking=thinking, **cache._asdict()
    )
    model = UNHEARD if "renamed" in faults else request.model.id
    message = {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "stop_details": stop_details,
        "usage": _usage_json(usage, request.geo),
    }
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(body, model, usage, request.model.cost(usage, request.geo))


def _thinking_tokens(request: MessageRequest, faults: frozenset[str]) -> int:
    """The same for the same text; never more than ``max_tokens``."""
    if request.thinks:
        spread = zlib.crc32(request.user_text.encode()) % 101 + 50
        return min(THINKING_TOKENS[request.effort] * spread // 100, request.max_tokens)
    return min(30, request.max_tokens // 2) if "thinking_first" in faults else 0


def _usage_json(usage: Usage, geo: str) -> dict[str, Any]:
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.write_5m + usage.write_1h,
        "cache_read_input_tokens": usage.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.write_5m,
            "ephemeral_1h_input_tokens": usage.write_1h,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.thinking},
        "server_tool_use": None,
        "service_tier": "standard",
        "inference_geo": geo,
    }
