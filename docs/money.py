"""Writes docs/money.md: ``python -m docs.money``, in the root of the checkout.

Every number of the page is worked out, from the price list and from tokens that are counted on the
sample tickets (docs/bills.py); tests/house/test_money.py fails when the page is not what is made.
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from textwrap import fill

from docs.bills import (
    DAY,
    EXAMPLES,
    MANY,
    MODEL,
    MOST_EXAMPLES,
    bill,
    parts_of_a_call,
    prompt_of,
    ticket_parts,
    with_examples,
)
from streams.books.money import dollars
from streams.classify.categories import DEFAULT
from streams.classify.prompt import LEAST_CACHEABLE
from streams.claude.prices import price_list

PAGE = Path(__file__).with_suffix(".md")
HAIKU, SONNET = MODEL, "claude-sonnet-5-5"
MODELS = (HAIKU, "claude-haiku-4-5", SONNET, "claude-opus-5-5")
SIZES = (1, 25, 100)
MILLION, A_DAY, DAYS = 1_000_000, 100_000, 30
TWO_TIERS, ESCALATED = 10_000, 500


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(), "utf-8")


def _usd(picodollars: Fraction | int) -> str:
    return dollars(round(picodollars), 2)


def _share(part: Fraction | float, whole: Fraction | float) -> str:
    return f"{float(part) / float(whole):.0%}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# --- the parts of the page ---------------------------------------------------------------------


def _million() -> str:
    head = ("a million tickets on", *(f"{size} a call" for size in SIZES), "1 a call, in batches")
    return _table(
        head,
        [
            (
                f"`{model}`",
                *(_usd(bill(model, size).of(MILLION)) for size in SIZES),
                _usd(bill(model, 1).batched(MILLION)),
            )
            for model in MODELS
        ],
    )


def _month() -> str:
    tickets = A_DAY * DAYS
    ways: list[tuple[str, Callable[[int], Fraction]]] = [
        ("Haiku alone", lambda size: bill(HAIKU, size).of(tickets)),
        (
            f"Haiku, and Sonnet again for 1 in {TWO_TIERS // ESCALATED}",
            lambda size: _tiers(size) * tickets / TWO_TIERS,
        ),
        ("Sonnet alone", lambda size: bill(SONNET, size).of(tickets)),
    ]
    return _table(
        ("", *(f"{size} a call" for size in SIZES)),
        [(name, *(_usd(total(size)) for size in SIZES)) for name, total in ways],
    )


def _tiers(size: int) -> Fraction:
    return bill(HAIKU, size).of(TWO_TIERS) + bill(SONNET, size).of(ESCALATED)


def _ninety_five() -> str:
    left = TWO_TIERS - ESCALATED
    rows = [
        ("all on Haiku", [bill(HAIKU, size).of(TWO_TIERS) for size in SIZES]),
        (
            f"as it is often quoted: {left:,} on Haiku, {ESCALATED:,} on Sonnet",
            [bill(HAIKU, size).of(left) + bill(SONNET, size).of(ESCALATED) for size in SIZES],
        ),
        (
            f"as it is billed: {TWO_TIERS:,} on Haiku, and {ESCALATED:,} of them again on Sonnet",
            [_tiers(size) for size in SIZES],
        ),
        ("all on Sonnet", [bill(SONNET, size).of(TWO_TIERS) for size in SIZES]),
    ]
    return _table(
        (f"{TWO_TIERS:,} tickets", *(f"{size} a call" for size in SIZES)),
        [(name, *map(_usd, totals)) for name, totals in rows],
    )


def _sizes() -> str:
    one = bill(HAIKU, 1).of(MILLION)
    return _table(
        ("a call", "tokens in, a ticket", "tokens out", "a million on Haiku", "of 1 a call"),
        [
            (
                str(size),
                found.each(found.usage.prompt_tokens),
                found.each(found.usage.output_tokens),
                _usd(found.of(MILLION)),
                _share(found.of(MILLION), one),
            )
            for size in SIZES
            for found in [bill(HAIKU, size)]
        ],
    )


def _cache() -> str:
    rows = []
    sets = (
        (f"{len(DEFAULT)} categories", DEFAULT),
        (f"the same with {MOST_EXAMPLES} examples each", with_examples()),
        (f"{len(MANY)} categories with {len(EXAMPLES)} examples each", MANY),
    )
    for name, categories in sets:
        for size in SIZES[:2]:
            without = bill(HAIKU, size, categories, cached=False).of(MILLION)
            with_it = bill(HAIKU, size, categories).of(MILLION)
            rows.append(
                (
                    f"{name}, {size} a call",
                    "yes" if prompt_of(HAIKU, categories).caches else "no: too short",
                    _usd(without),
                    _usd(with_it),
                    _share(with_it, without),
                )
            )
    head = ("a million on Haiku", "cached", "without the cache", "with it", "of that without")
    return _table(head, rows)


def _parts_of_the_bill() -> str:
    band = price_list().price(HAIKU, DAY).bands[0]
    names = {
        "the ticket's own text": "text",
        "instructions": "instructions",
        "the categories' definitions": "definitions",
        "the answer's schema": "schema",
        "the message as such": "message",
        "the frame around each ticket": "frame",
        "the answer": "answer",
    }
    rows = []
    for name, field in names.items():
        row = [name]
        for size in SIZES:
            found = parts_of_a_call(size)
            rate = band.output if field == "answer" else band.input
            whole = (found.fixed + found.frame + found.text) * band.input
            whole += found.answer * band.output
            tokens = getattr(found, field)
            row += [f"{tokens:.1f}", _share(tokens * rate, whole)]
        rows.append(row)
    head = [""]
    for size in SIZES:
        head += [f"{size} a call: tokens", "of the bill"]
    return _table(head, rows)


def page() -> str:
    """The whole page."""
    parts = [
        "# Money",
        _how(),
        "## A million tickets",
        _million(),
        _about_models(),
        f"## {A_DAY:,} tickets a day, for {DAYS} days",
        _month(),
        f"## Two tiers, the second for {_share(ESCALATED, TWO_TIERS)}",
        _ninety_five(),
        _about_tiers(),
        "## 1, 25 and 100 tickets a call",
        _sizes(),
        _about_sizes(),
        "## With and without the prompt cache",
        _cache(),
        _about_the_cache(),
        "## Where the bill goes",
        _parts_of_the_bill(),
        _about_parts(),
    ]
    return "\n\n".join(parts) + "\n"


# --- and what is said about them ---------------------------------------------------------------


def _said(text: str) -> str:
    """A paragraph, or several with a blank line between."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return "\n\n".join(
        fill(paragraph, 100, break_long_words=False, break_on_hyphens=False)
        for paragraph in paragraphs
    )


def _times(one: Fraction | int, other: Fraction | int) -> str:
    return f"{float(one / other):.3g} times"


def _how() -> str:
    texts = [len(part.encode()) for part in ticket_parts()]
    return _said(f"""
        What classification costs, and where the money goes. Every number here is worked out by
        [docs/money.py](money.py), from the price list (`streams/claude/prices.toml`, as of {DAY})
        and from tokens that are counted: change either, run `python -m docs.money`, and the page
        follows.

        **How it is counted.** The requests of the {len(texts)} sample tickets, of
        {sum(texts) / len(texts):.0f} bytes on average, and the answers that the stand-in for Claude
        gives, by the stand-in's rules: there is no public tokenizer. Compare these figures with
        each other; what your tickets cost says `ticket-streams spend`, and what they would cost
        `python -m benchmarks.bill --tickets-file my-tickets.jsonl`. Calls that fail, and tickets
        that are asked again, are not in these figures; they are in the bill, and in the books.
        """)


def _about_models() -> str:
    bands = [price_list().price(model, DAY).bands[0] for model in (HAIKU, SONNET)]
    haiku, sonnet = (
        f"{_usd(band.input * MILLION)} in and {_usd(band.output * MILLION)} out" for band in bands
    )
    single, dear = bill(HAIKU, 1).of(MILLION), bill(SONNET, 1).of(MILLION)
    return _said(f"""
        A million tokens cost {haiku} on Haiku 5.5, {sonnet} on Sonnet 5.5. The same tickets, one a
        call, cost {_times(dear, single)} as much there. Sharing calls does not make up for it: 25 a
        call on Sonnet are still {_times(bill(SONNET, 25).of(MILLION), single)} the price of one a
        call on Haiku. Message batches are billed at half the price, for answers that may take a
        day; the worker does not use them.
        """)


def _about_tiers() -> str:
    again = bill(SONNET, 25).of(ESCALATED)
    return _said(f"""
        A ticket that the second tier answers was paid for in the first one too. With 25 a call, the
        {_share(ESCALATED, TWO_TIERS)} of the tickets that are asked again on Sonnet are
        {_share(again, _tiers(25))} of the bill. `TICKET_STREAMS_ESCALATION_THRESHOLD` and
        `TICKET_STREAMS_ESCALATION_CAP` decide how many they are.
        """)


def _about_sizes() -> str:
    one, some, many = (bill(HAIKU, size).of(1) for size in SIZES)
    return _said(f"""
        {SIZES[1]} tickets a call save {_share(one - some, one)} of the bill, and {SIZES[2]} save
        {_share(one - many, one)}: what is left then is the tickets' own text and the answers.
        """)


def _about_the_cache() -> str:
    least = LEAST_CACHEABLE[HAIKU]
    band = price_list().price(HAIKU, DAY).bands[0]
    own = parts_of_a_call(1)
    plain, taught = bill(HAIKU, 1).of(1), bill(HAIKU, 1, with_examples()).of(1)
    return _said(f"""
        Haiku caches a prompt's beginning from {least} tokens on. The default categories need
        {own.instructions + own.definitions:.0f}: nothing is cached, and the cache changes nothing.
        {least} tokens that are read from the cache cost as much as
        {least * band.cache_read / band.input:.0f} others, so examples that make the prompt long
        enough even save money where tickets do not share calls and come at least every five
        minutes: {MOST_EXAMPLES} short ones for each category, which help the model besides, save
        {_share(plain - taught, plain)}. The first call after that time without one pays
        {_share(band.cache_write_5m - band.input, band.input)} more for what it writes.
        """)


def _about_parts() -> str:
    own = parts_of_a_call(1)
    band = price_list().price(HAIKU, DAY).bands[0]
    return _said(f"""
        Tokens a ticket, on Haiku 5.5. Alone in its call a ticket pays for {own.text:.0f} tokens of
        its own text and {own.fixed:.0f} that are the same in each call. A token of the answer costs
        {_times(band.output, band.input)} as much as one of the prompt: so an answer is an id, a
        category and a number, and thinking is turned off.
        """)


if __name__ == "__main__":
    main()
