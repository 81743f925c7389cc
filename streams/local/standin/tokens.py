"""How many tokens a text is: the stand-in's own estimate, as there is no public tokenizer."""

from streams.local.standin.prices import Model

MESSAGE_OVERHEAD = 4
"""Tokens that every message costs besides its text."""
SCHEMA_OVERHEAD = 40
"""Tokens of the instructions that come with a schema, besides its text."""
ANSWER_CHARS_PER_10_TOKENS = 21
"""JSON is dense: the reference's answer of 39 characters took 19 tokens."""


def text_tokens(text: str, model: Model) -> int:
    """Tokens of prose; UnicodeEncodeError for a lone surrogate."""
    return -(-len(text.encode()) * 100 // model.bytes_per_100_tokens)


def answer_tokens(text: str) -> int:
    """Tokens of an answer."""
    return -(-len(text) * 10 // ANSWER_CHARS_PER_10_TOKENS)


def cut_to_tokens(text: str, tokens: int) -> str:
    """As much of an answer as ``tokens`` hold."""
    return text[: tokens * ANSWER_CHARS_PER_10_TOKENS // 10]
