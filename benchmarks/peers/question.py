"""What the hand-written consumers ask about one ticket, and where its answer leads."""

import os
from typing import Any

MODEL = "claude-haiku-5-5"
TEXT = "text"
CATEGORIES = ("billing", "technical", "product_feedback", "account", "unknown")
SYSTEM = """\
Classify tickets by what the customer wants most.
billing: payments, invoices, refunds, prices, plans
technical: errors, outages, bugs, slowness, integrations
product_feedback: wishes, praise and complaints about the product
account: access, passwords, users, profile, closing an account
unknown: none fits"""
SCHEMA = {
    "type": "object",
    "properties": {
        "category": {"type": "string", "enum": list(CATEGORIES)},
        "confidence": {"type": "number"},
    },
    "required": ["category", "confidence"],
    "additionalProperties": False,
}
OUTPUT = {
    name: f"{os.environ.get('BENCH_TOPIC', '')}.{name.replace('_', '-')}" for name in CATEGORIES
}
"""Topics by category."""


def question(text: str) -> dict[str, Any]:
    """The body of a request for the Messages API."""
    return {
        "model": MODEL,
        "max_tokens": 100,
        "thinking": {"type": "disabled"},
        "system": SYSTEM,
        "messages": [{"role": "user", "content": text}],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }
