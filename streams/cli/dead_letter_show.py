"""``ticket-streams dead-letters show``: one dead letter in full."""

import asyncio
import base64
from dataclasses import asdict
from typing import Any

import click
from aiokafka import ConsumerRecord
from rich.markup import escape
from rich.table import Table

from streams.cli.common import console, json_option, load, print_json, run, topics_of, utc
from streams.cli.dead_letter_options import Place, all_apps_option, printable, topic_option
from streams.dead_letters.families import BINARY_NUMBERS, number, text
from streams.dead_letters.letter import Letter, letter_of
from streams.dead_letters.reading import one
from streams.events.model import Ticket
from streams.events.wire import UndecodableEvent
from streams.mapping.by_topic import registry_of
from streams.settings import Settings

REGISTRY_SECONDS = 15.0

Content = tuple[dict[str, Any] | None, str]


@click.command(name="show")
@click.argument("place", type=Place(), metavar="PARTITION:OFFSET")
@click.option("--text", "with_text", is_flag=True, help="Show the ticket too: its text.")
@topic_option
@all_apps_option
@json_option
def command(
    place: tuple[int, int], with_text: bool, topic: str | None, all_apps: bool, as_json: bool
) -> None:
    """Show the dead letter at PARTITION:OFFSET: every header, its key, and how large it is.

    The numbers are those of the dead-letter topic, as list shows them in brackets and behind the @.
    The ticket itself is shown only with --text; a value that is no ticket is shown as it is. One of
    another installation in the same topic is shown only with --all-apps.

    \b
    Examples:
      ticket-streams dead-letters show 3:1042
      ticket-streams dead-letters show 3:1042 --text --json
    """
    settings = load()
    topic = topic or topics_of(settings).dead_letter
    record, content = run(_read(settings, topic, place, with_text))
    letter = letter_of(record)
    if not all_apps and not letter.is_of(settings.app_id):
        raise click.ClickException(
            f"{letter.place} is of installation {printable(letter.app)}: --all-apps shows it"
        )
    if as_json:
        print_json({**letter.as_json(), **_body(record, content)})
    else:
        _show(record, letter, content)


async def _read(
    settings: Settings, topic: str, place: tuple[int, int], with_text: bool
) -> tuple[ConsumerRecord, Content | None]:
    record = await one(settings.kafka, topic, *place)
    return record, await _content(settings, record) if with_text else None


async def _content(settings: Settings, letter: ConsumerRecord) -> Content:
    """The ticket, or why there is none."""
    value, headers = letter.value, letter.headers
    topic = letter_of(letter).source_topic or ""
    try:
        async with asyncio.timeout(REGISTRY_SECONDS):
            ticket = await registry_of(settings).decode_ticket(value, headers, topic)
    except (UndecodableEvent, ValueError) as error:  # the latter: a certificate of the settings
        return None, str(error)
    except TimeoutError:
        return None, "the schema registry does not answer: is SCHEMA_REGISTRY_URL right?"
    return (asdict(ticket), "") if isinstance(ticket, Ticket) else (None, f"it is {ticket}")


def _body(record: ConsumerRecord, content: Content | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "key": None if record.key is None else text(record.key),
        "value_bytes": None if record.value is None else len(record.value),
        "headers": [[name, _readable(value)] for name, value in record.headers],
    }
    if content is not None:
        ticket, problem = content
        value = None if record.value is None else base64.b64encode(record.value).decode()
        body |= {"ticket": ticket, "undecodable": problem or None, "value_base64": value}
    return body


def _readable(value: bytes | None) -> str | None:
    """Text, or the number that Java wrote in binary."""
    if value is None:
        return None
    if len(value) in BINARY_NUMBERS and not text(value).isprintable():
        return str(number(value))
    return text(value)


def _show(record: ConsumerRecord, letter: Letter, content: Content | None) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    size = "none" if record.value is None else f"{len(record.value):,} bytes"
    rows = {
        "dead letter": letter.place,
        "event": letter.source,
        "event written": utc(letter.at / 1000),
        "given up": utc(letter.given_up_at / 1000),
        "stage": letter.stage,
        "error": letter.error_type,
        "message": letter.message,
        "headers of": letter.family,
        "redriven before": str(letter.redriven),
        "key": "none" if record.key is None else text(record.key),
        "value": size,
    }
    for name, said in rows.items():
        table.add_row(f"[bold]{name}", escape(printable(said)))
    headers = Table("header", "value")
    for name, value in record.headers:
        headers.add_row(escape(printable(name)), escape(printable(_readable(value) or "")))
    out = console()
    out.print(table)
    out.print(headers)
    if content is None:
        click.echo("Its text is shown with --text.")
        return
    ticket, problem = content
    if ticket is None:
        out.print(f"[bold]No ticket:[/] {escape(problem)}. The value as it is:")
        click.echo(printable(text(record.value)))
        return
    fields = Table("field", "value")
    for name, said in ticket.items():
        fields.add_row(name, "" if said is None else escape(printable(str(said))))
    out.print(fields)
