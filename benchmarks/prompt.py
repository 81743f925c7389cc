"""Where a ticket's tokens go: prompt, schema, frame, text, answer, for 1 to 100 tickets a call.

    python -m benchmarks.prompt
    python -m benchmarks.prompt --tickets-file my-tickets.jsonl

Readable lines go to standard error; the last line of standard output is one JSON object.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import click

from benchmarks.report import tell
from streams.classify.answer import Verdict, read_message
from streams.classify.categories import DEFAULT, Category
from streams.classify.prompt import Prompt, answer_schema, new_ids, system_prompt
from streams.events.json_values import scalar
from streams.events.model import Ticket
from streams.local.samples import load
from streams.local.standin.answers import answer_text
from streams.local.standin.prices import Usage, model_named
from streams.local.standin.prompt_cache import PromptCache
from streams.local.standin.requests import parse
from streams.local.standin.tokens import MESSAGE_OVERHEAD, SCHEMA_OVERHEAD, answer_tokens
from streams.settings import Settings

SIZES = (1, 5, 25, 100)
SINGLE_AIM = 300
SHARED_AIM = 35.0
"""Tokens before the ticket's text in a single call; besides it, in and out, at 25 a call."""
CACHED_CATEGORIES = 24
"""Categories with three examples each: enough for the prompt cache of claude-haiku-5-5."""

HOW = """\
How: the requests of {tickets} tickets for {model}, counted by the rules of the stand-in for Claude
(prose: {bytes:g} bytes a token; a schema {schema} tokens on top, a message {message}; an answer 21
characters in 10 tokens), and the answers that the stand-in gives. There is no public tokenizer:
compare these figures with each other, not with a bill. {cut} of the texts were cut to
{characters:,} characters."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens a ticket, by what they are spent on, and what they cost together."""

    instructions: float
    definitions: float
    schema: float
    message: float
    frame: float
    text: float
    answer: float
    picodollars: float

    @property
    def fixed(self) -> float:
        """What every call has once."""
        return self.instructions + self.definitions + self.schema + self.message

    @property
    def overhead(self) -> float:
        """In and out, all but the text."""
        return self.fixed + self.frame + self.answer


def spent(prompt: Prompt, categories: Sequence[Category], parts: Sequence[str], size: int) -> Spent:
    """The means over all ``parts``, ``size`` of them a call, the last call filled up."""
    model = model_named(prompt.model)
    parts = list(islice(cycle(parts), -(-len(parts) // size) * size))
    system = system_prompt(categories)
    definitions = system.split("\n", 1)[1].rsplit("\n", 2)[0]
    framed = answered = cost = calls = 0
    for group in _calls(parts, size):
        ids = new_ids(len(group))
        body = prompt.request(ids, group)
        request = parse(json.dumps(body).encode())
        text = answer_text(request, frozenset())
        readings = read_message([{"type": "text", "text": text}], "end_turn", prompt.names, ids)
        assert all(isinstance(reading, Verdict) for reading in readings)
        calls += 1
        framed += _bytes(body["messages"][0]["content"])
        answered += answer_tokens(text)
        cost += model.cost(Usage(request.input_tokens, answer_tokens(text)))
    texts = sum(map(_bytes, parts))
    schema = _bytes(json.dumps(answer_schema()))

    def tokens(size_in_bytes: float) -> float:
        return size_in_bytes * 100 / model.bytes_per_100_tokens / len(parts)

    return Spent(
        instructions=tokens((_bytes(system) - _bytes(definitions)) * calls),
        definitions=tokens(_bytes(definitions) * calls),
        schema=tokens(schema * calls) + SCHEMA_OVERHEAD * calls / len(parts),
        message=MESSAGE_OVERHEAD * calls / len(parts),
        frame=tokens(framed - texts),
        text=tokens(texts),
        answer=answered / len(parts),
        picodollars=cost / len(parts),
    )


def _calls(parts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (parts[n : n + size] for n in range(0, len(parts), size))


def _bytes(text: str) -> int:
    return len(text.encode())


def cache_pays(parts: Sequence[str], settings: Settings) -> list[dict[str, Any]]:
    """What the prompt cache saves, for our categories and for a set with a long system prompt."""
    examples = ("I was charged twice this month", "It crashes when I open it", "I cannot sign in")
    topics = (f"category_{n}" for n in range(CACHED_CATEGORIES))
    many = [Category(name, "what belongs here, in a few words", examples) for name in topics]
    return [
        {
            "categories": len(categories),
            "system_tokens": _system_tokens(prompt),
            "marked": prompt.caches,
            "tickets_a_call": size,
            "picodollars_without": round(_cost(prompt, parts, size, cached=False)),
            "picodollars_with": round(_cost(prompt, parts, size, cached=True)),
        }
        for categories in (DEFAULT, many)
        for prompt in [_prompt(categories, settings)]
        for size in (1, 25)
    ]


def _prompt(categories: Sequence[Category], settings: Settings) -> Prompt:
    return Prompt(categories, settings.model, settings.max_tokens, settings.max_text_chars)


def _system_tokens(prompt: Prompt) -> int:
    body = {**prompt.request(["100"], ["a"]), "max_tokens": 1}
    text = body["system"] if isinstance(body["system"], str) else body["system"][0]["text"]
    return -(-_bytes(text) * 100 // model_named(prompt.model).bytes_per_100_tokens)


def _cost(prompt: Prompt, parts: Sequence[str], size: int, *, cached: bool) -> float:
    """One call after another, a second apart, on the stand-in's prompt cache."""
    model, cache, cost = model_named(prompt.model), PromptCache(), 0
    for second, group in enumerate(_calls(parts, size)):
        request = parse(json.dumps(prompt.request(new_ids(len(group)), group)).encode())
        if not cached:
            request = replace(request, cacheable=None)
        use = cache.use(request, float(second))
        cache.answered(request, use, float(second))
        output = answer_tokens(answer_text(request, frozenset()))
        plain = request.input_tokens - use.write_5m - use.write_1h - use.read
        cost += model.cost(Usage(plain, output, use.write_5m, use.write_1h, use.read))
    return cost / len(parts)


def read_tickets(file: Path | None) -> list[Ticket]:
    """Those of a JSON-lines file with "text" and perhaps "subject", or the samples."""
    if file is None:
        rows = [dict(sample.fields) for sample in load() if sample.raw is None]
    else:
        rows = [json.loads(line) for line in file.read_text("utf-8").split("\n") if line.strip()]
    return [
        Ticket(str(n), scalar(row["text"]), scalar(row.get("subject") or ""))
        for n, row in enumerate(rows)
    ]


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option(
    "--tickets-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON lines with "text" (and "subject"); by default the samples.',
)
def main(tickets_file: Path | None) -> None:
    settings = Settings.model_construct()
    prompt = _prompt(DEFAULT, settings)
    some = read_tickets(tickets_file)
    whole = Prompt(DEFAULT, settings.model, settings.max_tokens, 10**9)
    parts = [prompt.part(ticket) for ticket in some]
    cut = sum(part != whole.part(ticket) for part, ticket in zip(parts, some, strict=True))
    rate = model_named(settings.model).bytes_per_100_tokens / 100
    tell(
        HOW.format(
            tickets=len(some),
            model=settings.model,
            bytes=rate,
            schema=SCHEMA_OVERHEAD,
            message=MESSAGE_OVERHEAD,
            cut=cut,
            characters=settings.max_text_chars,
        )
    )
    columns = [field.name for field in fields(Spent)]
    tell(" a call " + "".join(f"{name:>14}" for name in (*columns, "overhead")))
    sizes: dict[str, Any] = {}
    for size in SIZES:
        found = spent(prompt, DEFAULT, parts, size)
        sizes[str(size)] = {
            **{name: round(value, 2) for name, value in asdict(found).items()},
            "fixed": round(found.fixed, 2),
            "overhead": round(found.overhead, 2),
        }
        shown = (*asdict(found).values(), found.overhead)
        tell(f"{size:>7} " + "".join(f"{value:>14,.2f}" for value in shown))
    single = sizes["1"]["fixed"] + sizes["1"]["frame"]
    shared = sizes["25"]["overhead"]
    tell(f"before the text of a single call: {single:.1f} tokens (aim: below {SINGLE_AIM})")
    tell(f"overhead at 25 a call, in and out: {shared:.2f} tokens (aim: {SHARED_AIM:g})")
    cache = cache_pays(parts, settings)
    for line in cache:
        tell("prompt cache: " + ", ".join(f"{name} {value}" for name, value in line.items()))
    click.echo(
        json.dumps(
            {
                "tickets": len(some),
                "cut": cut,
                "model": settings.model,
                "prompt_version": prompt.version,
                "a_ticket": sizes,
                "single_before_text": round(single, 2),
                "single_aim": SINGLE_AIM,
                "shared_overhead": shared,
                "shared_aim": SHARED_AIM,
                "prompt_cache": cache,
            }
        )
    )


if __name__ == "__main__":
    main()
