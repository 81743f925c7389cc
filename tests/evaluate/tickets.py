"""Labelled tickets that the stand-in's keywords sort well."""

from typing import Any

from streams.evaluate.labels import Labelled
from streams.events.model import Ticket
from streams.local.standin import StandIn
from streams.settings import Settings, load_settings

TEXTS = {
    "I was charged twice this month, please refund one payment": "billing",
    "The app crashes with an error whenever I open it": "technical",
    "I love the new design, please add a dark mode": "product_feedback",
    "I forgot my password and cannot log in to my account": "account",
}


def labelled(n: int) -> list[Labelled]:
    """``n`` tickets, from line 1 on; no two have the same text."""
    texts = list(TEXTS.items())
    return [
        Labelled(line, Ticket(f"t{line}", f"{text}. Ticket {line}"), expected)
        for line in range(1, n + 1)
        for text, expected in [texts[line % len(texts)]]
    ]


def settings_for(api: StandIn, key: str = "right", **changes: Any) -> Settings:
    return load_settings(anthropic_base_url=api.url, anthropic_api_key=key, **changes)
