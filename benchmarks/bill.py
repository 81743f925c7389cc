"""What the same tickets cost: one call each against shared calls, one tier and two.

    python -m benchmarks.bill
    python -m benchmarks.bill --tickets-file my-tickets.jsonl

Readable lines go to standard error; the last line of standard output is one JSON object.
"""

import asyncio
import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from anthropic import AsyncAnthropic
from rich.console import Console
from rich.table import Table

from benchmarks.peers.question import MODEL, question
from benchmarks.prompt import spent
from benchmarks.report import tell
from benchmarks.rig import tickets
from streams.books.money import dollars
from streams.classify.prompt import Prompt
from streams.claude.client import Claude
from streams.claude.gate import Gate
from streams.claude.pace import Unpaced
from streams.claude.tiers import classifier, models
from streams.delivery.offline import Offline
from streams.delivery.work import DeadLetter
from streams.events.model import CallRecord, Ticket
from streams.local.standin.prices import Usage, model_named
from streams.local.standin.process import StandIn
from streams.settings import Settings, load_settings

SIZES = (1, 5, 25, 100)
AIM = 35
"""Per cent of the bill of single calls that shared ones may cost."""
CALLS_BY_HAND = 50
"""Calls of the hand-written consumer in flight."""

HOW = """\
How: {tickets} tickets through the worker's own path, without Kafka, against the stand-in for
Claude, which counts the tokens; all are there from the start, so that calls are as full as they may
be. Every call is in the sum: those that were asked again, and the escalation's. The bill of our
books is compared with the stand-in's own account, to the pico-dollar. By hand: what a consumer of
benchmarks/peers/ asks, one ticket a call. The least: text and answers at 25 a call, if prompt,
schema and frames were free."""


@dataclass(frozen=True, slots=True)
class Bill:
    """One way to ask, in whole pico-dollars."""

    batch_size: int
    escalation: bool
    calls: int
    input_tokens: int
    output_tokens: int
    picodollars: int
    escalated: int
    """Tickets that the second tier answered."""
    escalation_picodollars: int


def ask(found: list[Ticket], *, batch_size: int, escalation: bool) -> Bill:
    """All of ``found``; a stand-in of its own counts them."""
    with StandIn(seed=1) as api:
        given: dict[str, Any] = {} if escalation else {"escalation_model": "none"}
        settings = load_settings(
            anthropic_api_key="stand-in",
            anthropic_base_url=api.url,
            batch_size=batch_size,
            escalation_cap=1.0,
            **given,
        )
        calls: list[CallRecord] = []
        tiers = asyncio.run(_ask(found, settings, calls))
        charged = sum(m["picodollars"] for m in api.account()["by_model"].values())
    ours = sum(call.cost_picodollars for call in calls)
    if ours != charged:
        raise click.ClickException(f"the books say {ours}, the API charged {charged}")
    return Bill(
        batch_size=batch_size,
        escalation=escalation,
        calls=len(calls),
        input_tokens=sum(call.input_tokens for call in calls),
        output_tokens=sum(call.output_tokens for call in calls),
        picodollars=ours,
        escalated=tiers["escalation"],
        escalation_picodollars=sum(
            call.cost_picodollars for call in calls if call.tier == "escalation"
        ),
    )


async def _ask(found: list[Ticket], settings: Settings, calls: list[CallRecord]) -> Counter[str]:
    """Tickets by the tier that answered."""
    pace = Unpaced()
    async with Claude.of(settings) as claude:
        classifiers = {
            tier: classifier(settings, tier, claude, Gate(), pace) for tier in models(settings)
        }
        async with Offline(settings, classifiers, pace, calls.append) as line:
            results = await asyncio.gather(*(line.classify(ticket) for ticket in found))
    return Counter(
        "dead_letter" if isinstance(result, DeadLetter) else result.tier for result in results
    )


def ask_by_hand(found: list[Ticket]) -> int:
    """The bill of benchmarks/peers' own question, one ticket a call, in pico-dollars."""
    slots = asyncio.Semaphore(CALLS_BY_HAND)

    async def all_of_them(url: str) -> None:
        async with AsyncAnthropic(api_key="stand-in", base_url=url, max_retries=0) as client:

            async def one(text: str) -> None:
                async with slots:
                    await client.messages.create(**question(text))

            await asyncio.gather(*(one(f"{t.subject or ''}\n\n{t.text}".strip()) for t in found))

    with StandIn(seed=1) as api:
        asyncio.run(all_of_them(api.url))
        return int(api.account()["by_model"][MODEL]["picodollars"])


def least(found: list[Ticket]) -> int:
    """What their text and the answers cost at 25 a call, in pico-dollars: nobody can save it."""
    settings = load_settings(anthropic_api_key="stand-in")
    prompt = Prompt(
        settings.categories, settings.model, settings.max_tokens, settings.max_text_chars
    )
    tokens = spent(prompt, settings.categories, [prompt.part(ticket) for ticket in found], 25)
    call = Usage(round(tokens.text * 25), round(tokens.answer * 25))
    return model_named(settings.model).cost(call) * len(found) // 25


def show(bills: list[Bill], tickets_asked: int) -> None:
    """A table on standard error."""
    table = Table(title="What they cost")
    for name in (
        "a call",
        "tiers",
        "calls",
        "tokens in",
        "out",
        "escalated",
        "per million",
        "of one each",
    ):
        table.add_column(name, justify="right")
    for bill in bills:
        single = next(b for b in bills if b.escalation == bill.escalation)
        table.add_row(
            f"{bill.batch_size}",
            "2" if bill.escalation else "1",
            f"{bill.calls:,}",
            f"{bill.input_tokens / tickets_asked:.1f}",
            f"{bill.output_tokens / tickets_asked:.1f}",
            f"{bill.escalated / tickets_asked:.1%}",
            _per_million(bill.picodollars, tickets_asked),
            f"{bill.picodollars / single.picodollars:.1%}",
        )
    Console(stderr=True, highlight=False, width=110).print(table)


def _per_million(picodollars: int, tickets_asked: int) -> str:
    return dollars(picodollars * 1_000_000 // tickets_asked, 2)


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--tickets", "count", default=2_000, show_default=True, type=click.IntRange(100))
@click.option(
    "--tickets-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON lines with "text" (and "subject"); by default the samples.',
)
def main(count: int, tickets_file: Path | None) -> None:
    found = [
        Ticket(fields["id"], fields["text"], fields.get("subject"))
        for _, fields in tickets(count, 1, tickets_file)
    ]
    tell(HOW.format(tickets=len(found)))
    bills = [
        ask(found, batch_size=size, escalation=escalation)
        for escalation in (False, True)
        for size in SIZES
    ]
    show(bills, len(found))
    single, shared = (
        next(b for b in bills if not b.escalation and b.batch_size == size) for size in (1, 25)
    )
    by_hand, floor = ask_by_hand(found), least(found)
    share = 100 * shared.picodollars / single.picodollars
    share_by_hand = 100 * shared.picodollars / by_hand
    share_least = 100 * floor / single.picodollars
    tell(f"25 a call cost {share:.1f}% of one each (aim: {AIM}%).")
    tell(
        f"By hand, one each: {_per_million(by_hand, len(found))} a million; 25 a call cost "
        f"{share_by_hand:.1f}% of it.\n"
        f"The least, text and answers alone: {_per_million(floor, len(found))}, "
        f"{share_least:.1f}% of one each."
    )
    click.echo(
        json.dumps(
            {
                "tickets": len(found),
                "shared_percent_of_single": round(share, 2),
                "shared_percent_of_by_hand": round(share_by_hand, 2),
                "least_percent_of_single": round(share_least, 2),
                "by_hand_picodollars": by_hand,
                "bills": [asdict(bill) for bill in bills],
            }
        )
    )


if __name__ == "__main__":
    main()
