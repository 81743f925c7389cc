"""What the sample tickets cost on a model: tokens as the stand-in counts them, our own prices."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import cycle, islice
from typing import NamedTuple

from benchmarks.prompt import CACHED_CATEGORIES, Spent, read_tickets, spent
from streams.classify.categories import DEFAULT, Category
from streams.classify.prompt import Prompt, new_ids
from streams.claude.prices import Usage, cost, price_list
from streams.local.samples import load
from streams.local.standin.answers import answer_text
from streams.local.standin.prompt_cache import PromptCache
from streams.local.standin.requests import parse
from streams.local.standin.tokens import answer_tokens
from streams.settings import Settings

DAY = date(2026, 11, 21)
"""Whose prices. Fixed: the page must not change over night."""

MODEL = "claude-haiku-5-5"
EXAMPLES = ("I was charged twice this month", "It crashes when I open it", "I cannot sign in")
MANY = tuple(
    Category(f"category_{n}", "what belongs here, in a few words", EXAMPLES)
    for n in range(CACHED_CATEGORIES)
)
"""A set of categories whose prompt is long enough for the prompt cache."""
MOST_EXAMPLES, EXAMPLE_CHARS = 5, 80
"""As many as a category may have, as short as the prompt cache still allows."""


class Bill(NamedTuple):
    """What so many tickets took, and what they cost in pico-dollars."""

    tickets: int
    usage: Usage
    picodollars: int
    in_batches: int
    """What they would have cost in message batches."""

    def of(self, tickets: int) -> Fraction:
        """What so many like them cost, in pico-dollars."""
        return Fraction(self.picodollars * tickets, self.tickets)

    def each(self, tokens: int) -> str:
        """Tokens a ticket, for people."""
        return f"{tokens / self.tickets:.1f}"

    def batched(self, tickets: int) -> Fraction:
        """What so many like them would cost in message batches, in pico-dollars."""
        return Fraction(self.in_batches * tickets, self.tickets)


@cache
def with_examples() -> tuple[Category, ...]:
    """The default categories with as many examples as they may have: how sample tickets begin."""
    found = load()
    return tuple(
        replace(
            category,
            examples=tuple(
                " ".join(str(sample.fields["text"]).split())[:EXAMPLE_CHARS]
                for sample in found
                if sample.expect == category.name and sample.kind == "plain"
            )[:MOST_EXAMPLES],
        )
        for category in DEFAULT
    )


@cache
def bill(
    model: str, size: int, categories: Sequence[Category] = DEFAULT, *, cached: bool = True
) -> Bill:
    """All samples asked, ``size`` a call, the last call filled up: one call a second, on the
    stand-in's prompt cache, at our own prices."""
    prompt, price = prompt_of(model, categories), price_list().price(model, DAY)
    cache, parts = PromptCache(), ticket_parts()
    parts = list(islice(cycle(parts), -(-len(parts) // size) * size))
    usages = []
    for second, first in enumerate(range(0, len(parts), size)):
        group = parts[first : first + size]
        request = parse(json.dumps(prompt.request(new_ids(size), group)).encode())
        output = answer_tokens(answer_text(request, frozenset()))
        use = cache.use(request, float(second))
        cache.answered(request, use, float(second))
        if cached and any(use):
            plain = request.input_tokens - sum(use)
            usages.append(Usage(plain, output, use.write_5m, use.write_1h, use.read))
        else:
            usages.append(Usage(request.input_tokens, output))
    return Bill(
        len(parts),
        Usage(*(sum(getattr(usage, kind) for usage in usages) for kind in Usage.__slots__[:5])),
        sum(cost(usage, price) for usage in usages),
        sum(cost(Usage(u.input_tokens, u.output_tokens, batch=True), price) for u in usages),
    )


@cache
def parts_of_a_call(size: int) -> Spent:
    """Tokens of a ticket, by what they are spent on."""
    return spent(prompt_of(MODEL, DEFAULT), DEFAULT, ticket_parts(), size)


def prompt_of(model: str, categories: Sequence[Category]) -> Prompt:
    """The worker's prompt, with the default settings."""
    settings = Settings.model_construct()
    return Prompt(categories, model, settings.max_tokens, settings.max_text_chars)


@cache
def ticket_parts() -> list[str]:
    """What each sample ticket adds to a prompt."""
    prompt = prompt_of(MODEL, DEFAULT)
    return [prompt.part(ticket) for ticket in read_tickets(None)]
