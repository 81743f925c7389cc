"""What the tests of the stand-in ask it for."""

import json
from typing import Any

from anthropic import AsyncAnthropic
from anthropic.types import Message

CATEGORIES = ["billing", "technical", "product_feedback", "account", "unknown"]
OUTCOME = {
    "category": {"type": "string", "enum": CATEGORIES},
    "confidence": {"type": "number"},
}
REFUND = "I was charged twice this month, please refund one payment"


def schema_of(properties: dict[str, Any]) -> dict[str, Any]:
    """An object of these properties, all required."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


SINGLE = schema_of(OUTCOME)
MANY = schema_of(
    {"results": {"type": "array", "items": schema_of({"id": {"type": "integer"}, **OUTCOME})}}
)

_ENTRY = rf"^[0-9]+ ({'|'.join(CATEGORIES)}) [0-9]+$"
STRINGS = schema_of({"results": {"type": "array", "items": {"type": "string", "pattern": _ENTRY}}})
"""As MANY, each result a string."""


def body(
    text: str = REFUND, schema: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """A valid request; a change to None takes the field away."""
    out = {
        "model": "claude-haiku-5-5",
        "max_tokens": 200,
        "thinking": {"type": "disabled"},
        "output_config": {"format": {"type": "json_schema", "schema": schema or SINGLE}},
        "messages": [{"role": "user", "content": text}],
        **changes,
    }
    return {name: value for name, value in out.items() if value is not None}


async def ask(client: AsyncAnthropic, text: str = REFUND, **changes: Any) -> Message:
    """A call through the official SDK."""
    message: Message = await client.messages.create(**body(text, **changes))
    return message


def text_of(message: Message) -> str:
    """The text of an answer."""
    return "".join(block.text for block in message.content if block.type == "text")


def answer_of(message: Message) -> dict[str, Any]:
    """The JSON of an answer."""
    found: dict[str, Any] = json.loads(text_of(message))
    return found


def tickets(*texts: str) -> str:
    """Tickets 1, 2, 3 ... as the worker sends many at once."""
    return "\n".join(f'<ticket id="{n}">{text}</ticket>' for n, text in enumerate(texts, 1))
