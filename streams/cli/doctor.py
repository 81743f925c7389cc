"""``ticket-streams doctor``: what is wrong with this installation, and what to do."""

from dataclasses import asdict

import click
from rich.markup import escape
from rich.table import Table

from streams.access.acls import ROLES, Role
from streams.cli.common import console, json_option, load, print_json, run
from streams.doctor.finding import Finding
from streams.settings import Settings

COLOURS = {"ok": "green", "note": "blue", "warn": "yellow", "wrong": "red"}


@click.command(name="doctor")
@click.option(
    "--role",
    type=click.Choice(list(ROLES)),
    default="worker",
    show_default=True,
    help="What the user that signs in to Kafka is to do: whose rights are checked.",
)
@json_option
def command(role: Role, as_json: bool) -> None:
    """Check Kafka, rights, topics, key, prices, clocks and settings, and say what to do.

    It changes nothing and pays nothing: the API is asked to count tokens, which is free. A line for
    each finding: ok, note (cannot be seen from here), warn (works, and may not for ever) or wrong.
    Exits with 1 if anything is wrong.

    \b
    Examples:
      ticket-streams doctor
      ticket-streams doctor --role reader --json
    """
    found = run(_findings(load(), role))
    wrong = sum(finding.level == "wrong" for finding in found)
    if as_json:
        print_json({"ok": not wrong, "findings": [asdict(finding) for finding in found]})
    else:
        _show(found)
    if wrong:
        raise SystemExit(1)


async def _findings(settings: Settings, role: Role) -> list[Finding]:
    from streams.doctor.examine import examine

    return [finding async for finding in examine(settings, role)]


def _show(found: list[Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in found:
        colour = COLOURS[finding.level]
        table.add_row(f"[{colour}]{finding.level}", finding.check, escape(str(finding)))
    console().print(table)
