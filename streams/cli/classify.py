"""``ticket-streams classify``: one ticket, without Kafka."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from streams.claude.client import Claude
from streams.claude.failures import Failure
from streams.claude.gate import Gate
from streams.claude.pace import Unpaced
from streams.claude.prices import prices_of
from streams.claude.tiers import classifier, models
from streams.cli.common import load, print_json, run
from streams.delivery.offline import Offline
from streams.delivery.work import DeadLetter
from streams.events.json_values import scalar
from streams.events.model import CallRecord, Classification, Ticket
from streams.preflight import PreflightError, check_api
from streams.settings import Settings

MOST_FAILURES = 5


class _FirstHold(Gate):
    """Nobody waits at a terminal for a person to mend the key: a hold ends the command."""

    def __init__(self, end: Callable[[str], None]) -> None:
        super().__init__()
        self._end = end

    def hold(self, failure: Failure) -> None:
        super().hold(failure)
        self._end(str(failure))


@click.command()
@click.argument("text", required=False)
@click.option("--subject", help="Subject line of the ticket.")
def command(text: str | None, subject: str | None) -> None:
    """Classify TEXT, or standard input with -, and print the answer as JSON.

    Calls the API just as a worker does, and prints the tokens and the cost of all calls made.

    \b
    Examples:
      ticket-streams classify "I was charged twice"
      ticket-streams classify - < mail.txt
    """
    if text is None and sys.stdin.isatty():
        raise click.UsageError("give the ticket's text, or - to read it from standard input")
    if text in (None, "-"):
        text = click.get_text_stream("stdin", errors="replace").read()
    settings = load()
    try:
        check_api(settings, prices_of(settings))
    except PreflightError as error:
        raise click.ClickException(str(error)) from None
    ticket = Ticket(id="-", text=scalar(text or ""), subject=scalar(subject) if subject else None)
    print_json(run(_classify(settings, ticket)))


async def _classify(settings: Settings, ticket: Ticket) -> dict[str, Any]:
    reasons: list[str] = []
    failed: list[CallRecord] = []
    answer: asyncio.Future[Classification | DeadLetter] | None = None

    def end(reason: str) -> None:
        reasons.append(reason)
        if answer is not None:
            answer.cancel()

    def count(call: CallRecord) -> None:
        """A worker waits out an outage; a person at a terminal wants to know."""
        if not call.usage_seen:
            failed.append(call)
        if len(failed) >= MOST_FAILURES:
            end(f"{MOST_FAILURES} calls failed, the last with {call.outcome}")

    async with Claude.of(settings) as claude:
        classifiers = {
            tier: classifier(settings, tier, claude, _FirstHold(end), Unpaced())
            for tier in models(settings)
        }
        async with Offline(settings, classifiers, Unpaced(), count) as line:
            answer = asyncio.ensure_future(line.classify(ticket))
            try:
                result = await answer
            except asyncio.CancelledError:
                if not reasons:
                    raise
                raise click.ClickException(reasons[0]) from None
    if isinstance(result, DeadLetter):
        raise click.ClickException(result.message)
    return asdict(result)
