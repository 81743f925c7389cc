"""``ticket-streams mapping``: what the ready-made mappings are, and what one makes of an event."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO

import click
from rich.markup import escape
from rich.table import Table

from streams.cli.common import console, json_option, load, print_json
from streams.cli.dead_letter_options import printable
from streams.events.model import Ticket
from streams.events.wire import SchemaNeeded, UndecodableEvent
from streams.mapping.fields import ready_made, ready_names
from streams.mapping.reader import EventReader
from streams.mapping.samples import samples_of

Name = click.Choice(ready_names())


@click.group(name="mapping")
def command() -> None:
    """Tickets in events of other shapes: Zendesk's, Zammad's, GitHub's, or your own.

    A mapping says with JMESPath where a ticket's fields stand in an event. Neither command needs
    Kafka.

    \b
    Examples:
      ticket-streams mapping show zendesk
      ticket-streams mapping try --mapping zendesk event.json
      ticket-streams demo --mapping zendesk
    """


@command.command(name="show")
@click.argument("name", type=Name, required=False)
@json_option
def show(name: str | None, as_json: bool) -> None:
    """Show the mapping of the settings, the ready-made one NAME, or what ready-made ones there are.

    \b
    Examples:
      ticket-streams mapping show
      ticket-streams mapping show intercom --json
    """
    mapping = ready_made(name) if name else load().mapping
    if mapping is None:
        if as_json:
            print_json({"mapping": None, "ready_made": list(ready_names())})
        else:
            click.echo("No mapping is set: an event has the shape of docs/events.md.")
            click.echo(f"Ready-made (TICKET_STREAMS_MAPPING): {', '.join(ready_names())}")
        return
    given = {key: text for key, text in asdict(mapping.whole()).items() if text is not None}
    if as_json:
        print_json(given)
        return
    table = Table("field", "expression")
    for key, text in given.items():
        table.add_row(key, escape(text))
    console().print(table)


@command.command(name="try")
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--mapping", "name", type=Name, help="A ready-made one instead of the settings'.")
@click.option("--samples", is_flag=True, help="The sample events of --mapping instead of a file.")
@click.option(
    "--header", "headers", multiple=True, metavar="NAME=VALUE", help="A header that the event has."
)
@json_option
def try_out(
    file: BinaryIO, name: str | None, samples: bool, headers: tuple[str, ...], as_json: bool
) -> None:
    """Show the tickets in the events of FILE: JSON, one event or a list, or one event a line.

    Exit code 1 if an event would become a dead letter.

    \b
    Examples:
      ticket-streams mapping try --mapping zendesk event.json
      ticket-streams mapping try --mapping github --samples
      curl -s https://example.com/hook.json | ticket-streams mapping try
    """
    settings = load(**({"mapping": name} if name else {}))
    if samples and name is None:
        raise click.UsageError("--samples needs --mapping")
    given = [header_of(header) for header in headers]
    events = (
        [(event.value, event.headers) for event in samples_of(name)]
        if samples and name
        else [(value, tuple(given)) for value in _events(file.read())]
    )
    reader = EventReader(settings.mapping, settings.filter)
    found = [_outcome(reader, value, those) for value, those in events]
    if as_json:
        print_json(found)
    else:
        for number, outcome in enumerate(found, 1):
            _print(number, outcome)
    sys.exit(1 if any("error" in outcome for outcome in found) else 0)


def header_of(given: str) -> tuple[str, bytes]:
    """``NAME=VALUE``. Raises UsageError."""
    name, equals, value = given.partition("=")
    if not equals or not name:
        raise click.UsageError(f"--header {given}: must be NAME=VALUE")
    return name, value.encode()


def _events(content: bytes) -> Iterator[bytes]:
    try:
        whole = json.loads(content)
    except ValueError:
        yield from (line for line in content.splitlines() if line.strip())
        return
    for event in whole if isinstance(whole, list) else [whole]:
        yield json.dumps(event, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _outcome(
    reader: EventReader, value: bytes, headers: tuple[tuple[str, bytes], ...]
) -> dict[str, Any]:
    try:
        found = reader.read(value, headers, {})
    except UndecodableEvent as error:
        return {"error": error.error_type, "message": str(error)}
    except SchemaNeeded as needed:
        return {"error": "unknown_schema", "message": f"{needed}: the worker would ask for it"}
    return {"ticket": asdict(found)} if isinstance(found, Ticket) else {"skipped": found}


def _print(number: int, outcome: dict[str, Any]) -> None:
    if "ticket" not in outcome:
        what = outcome.get("skipped") or f"dead letter, {outcome['error']}: {outcome['message']}"
        click.echo(f"{number}: {what}")
        return
    ticket = {key: value for key, value in outcome["ticket"].items() if value is not None}
    click.echo(f"{number}: ticket")
    for key, value in ticket.items():
        click.echo(f"   {key:12} {printable(str(value))}".replace("\n", "\n" + " " * 16))
