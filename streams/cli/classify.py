"""``ticket-streams classify``: one ticket, without Kafka."""

import sys
from dataclasses import asdict
from typing import Any

import click

from streams.classify.categories import DEFAULT
from streams.classify.prompt import Prompt
from streams.claude.classifier import Classifier, Unanswerable
from streams.claude.client import Claude
from streams.claude.failures import Failure
from streams.claude.gate import Gate
from streams.claude.prices import price_list
from streams.cli.common import load, print_json, run
from streams.events.json_values import scalar
from streams.events.model import CallRecord, Source, Ticket
from streams.preflight import PreflightError, check_api
from streams.settings import Settings

MOST_FAILURES = 5


class _FirstHold(Gate):
    """Nobody waits at a terminal for a person to mend the key: a hold ends the command."""

    def hold(self, failure: Failure) -> None:
        raise click.ClickException(str(failure))


@click.command(
    epilog='Examples:  ticket-streams classify "I was charged twice"   |   '
    "ticket-streams classify - < mail.txt"
)
@click.argument("text", required=False)
@click.option("--subject", help="Subject line of the ticket.")
def command(text: str | None, subject: str | None) -> None:
    """Classify TEXT, or standard input with -, and print the answer as JSON.

    Calls the API just as a worker does, and prints the tokens and the cost of all calls made.
    """
    if text is None and sys.stdin.isatty():
        raise click.UsageError("give the ticket's text, or - to read it from standard input")
    if text in (None, "-"):
        text = click.get_text_stream("stdin", errors="replace").read()
    settings = load()
    try:
        check_api(settings, price_list())
    except PreflightError as error:
        raise click.ClickException(str(error)) from None
    ticket = Ticket(id="-", text=scalar(text or ""), subject=scalar(subject) if subject else None)
    print_json(run(_classify(settings, ticket)))


async def _classify(settings: Settings, ticket: Ticket) -> dict[str, Any]:
    prompt = Prompt(DEFAULT, settings.model, settings.max_tokens, settings.max_text_chars)
    failed: list[CallRecord] = []

    def give_up(call: CallRecord, _: object) -> None:
        """A worker waits out an outage; a person at a terminal wants to know."""
        failed.append(call)
        if len(failed) == MOST_FAILURES:
            raise click.ClickException(
                f"{MOST_FAILURES} calls failed, the last with {call.outcome}"
            )

    async with Claude.of(settings) as claude:
        classifier = Classifier(claude, prompt, price_list(), _FirstHold(), settings)
        try:
            answered = await classifier.classify(Source("-", 0, 0), ticket, give_up)
        except Unanswerable as error:
            raise click.ClickException(str(error)) from None
    return asdict(answered.classification)
